/// A rectangle of a map, in pixels; `y` grows downwards.
struct MapRect: Sendable, Hashable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    init(centerX: Double, centerY: Double, width: Double, height: Double) {
        self.init(x: centerX - width / 2, y: centerY - height / 2, width: width, height: height)
    }

    var right: Double { x + width }
    var bottom: Double { y + height }
    var centerX: Double { x + width / 2 }
    var centerY: Double { y + height / 2 }

    /// Whether the two come nearer to each other than `gap`.
    func overlaps(_ other: MapRect, gap: Double = 0) -> Bool {
        x < other.right + gap && other.x < right + gap && y < other.bottom + gap && other.y < bottom + gap
    }

    func moved(x: Double, y: Double) -> MapRect { MapRect(x: self.x + x, y: self.y + y, width: width, height: height) }

    func union(_ other: MapRect) -> MapRect {
        let (left, top) = (min(x, other.x), min(y, other.y))
        return MapRect(
            x: left, y: top, width: max(right, other.right) - left, height: max(bottom, other.bottom) - top)
    }
}
