import Glibc

/// Where everything of a map lies: the core in the middle, the edges around it on one ellipse or, when there are many, on
/// several, each with the label of its link on the side of the core. Pure: the same number of edges, the same map.
///
/// Nothing overlaps: rings are made larger until nothing does.
struct MapLayout: Sendable, Hashable {
    struct Place: Sendable, Hashable {
        let box: MapRect
        /// The link's label.
        let label: MapRect
    }

    static let boxWidth = 184.0
    private static let boxHeight = 42.0
    private static let labelHeight = 17.0
    private static let labelGap = 3.0
    private static var unitHeight: Double { boxHeight + labelGap + labelHeight }
    /// Between neighbours.
    private static let gap = 10.0
    private static let margin = 28.0
    private static let titleHeight = 54.0
    private static let legendHeight = 84.0
    private static let smallestWidth = 860.0
    /// More than this on one ellipse make it so large that its middle is empty.
    static let mostOnOneRing = 36

    let width: Double
    let height: Double
    let core: MapRect
    /// In the order of the edges.
    let places: [Place]
    let title: MapRect
    let legend: MapRect

    init(edges count: Int) {
        let core = MapRect(centerX: 0, centerY: 0, width: 132, height: 54)
        let units = Self.units(count, around: core)
        let bounds = units.reduce(core) { $0.union($1) }
        let width = max(Self.smallestWidth, bounds.width + 2 * Self.margin)
        let (x, y) = (width / 2 - bounds.centerX, Self.titleHeight + Self.margin - bounds.y)
        self.width = width
        height = bounds.height + 2 * Self.margin + Self.titleHeight + Self.legendHeight
        self.core = core.moved(x: x, y: y)
        places = units.map { Self.place(in: $0).moved(x: x, y: y) }
        title = MapRect(x: 0, y: 0, width: width, height: Self.titleHeight)
        legend = MapRect(x: 0, y: height - Self.legendHeight, width: width, height: Self.legendHeight)
    }

    /// A box and its label, the label towards the middle.
    private static func place(in unit: MapRect) -> Place {
        let isAbove = unit.centerY < 0
        let boxTop = isAbove ? unit.y : unit.bottom - boxHeight
        let labelTop = isAbove ? unit.bottom - labelHeight : unit.y
        return Place(
            box: MapRect(x: unit.x, y: boxTop, width: unit.width, height: boxHeight),
            label: MapRect(x: unit.x, y: labelTop, width: unit.width, height: labelHeight))
    }

    // MARK: Rings

    private static func units(_ count: Int, around core: MapRect) -> [MapRect] {
        guard count > 0 else { return [] }
        // Each try is larger; some size is large enough for any number.
        var scale = 1.0
        while true {
            let units = arrangement(of: count, scale: scale)
            if isFree(units, core) { return units }
            scale *= 1.03
        }
    }

    private static func arrangement(of count: Int, scale: Double) -> [MapRect] {
        if count <= mostOnOneRing { return Ring(a: 330 * scale, b: 215 * scale).units(count, turn: 0) }
        var rings: [Ring] = []
        var room = 0.0
        while room < Double(count) {
            let step = Double(rings.count) * scale
            let ring = Ring(a: 330 + (boxWidth + 36) * step, b: 215 + (unitHeight + 40) * step)
            rings.append(ring)
            room += (0.92 * ring.room).rounded(.down)
        }
        // Each ring gets its share of what there is, so that all are as full.
        var units: [MapRect] = []
        var (left, roomLeft) = (count, rings.reduce(0) { $0 + $1.room })
        for (index, ring) in rings.enumerated() {
            let share = index == rings.count - 1 ? left : Int((Double(left) * ring.room / roomLeft).rounded())
            units += ring.units(share, turn: index.isMultiple(of: 2) ? 0 : 0.5)
            left -= share
            roomLeft -= ring.room
        }
        return units
    }

    private static func isFree(_ units: [MapRect], _ core: MapRect) -> Bool {
        for (index, unit) in units.enumerated() {
            if unit.overlaps(core, gap: 3 * gap) { return false }
            for other in units[(index + 1)...] where unit.overlaps(other, gap: gap) { return false }
        }
        return true
    }

    /// An ellipse on which boxes stand as far apart as they are large: close above each other at the sides, further beside
    /// each other at top and bottom.
    private struct Ring {
        let a: Double
        let b: Double
        /// How many boxes have room up to each of `steps` equal parts of the turn, from the top.
        private let sums: [Double]
        private static let steps = 720

        init(a: Double, b: Double) {
            self.a = a
            self.b = b
            var sums = [0.0]
            for step in 0..<Self.steps {
                let angle = (Double(step) + 0.5) / Double(Self.steps) * 2 * Double.pi
                let (dx, dy) = (abs(a * cos(angle)), abs(b * sin(angle)))
                let need = max(dx / (MapLayout.boxWidth + MapLayout.gap), dy / (MapLayout.unitHeight + MapLayout.gap))
                sums.append(sums[step] + need * 2 * Double.pi / Double(Self.steps))
            }
            self.sums = sums
        }

        /// How many boxes there is room for.
        var room: Double { sums[Self.steps] }

        /// - Parameter turn: by how much of the distance between two boxes the first is off the top.
        func units(_ count: Int, turn: Double) -> [MapRect] {
            var step = 0
            return (0..<count).map { index in
                let goal = (Double(index) + turn) / Double(count) * room
                while step < Self.steps - 1, sums[step + 1] <= goal { step += 1 }
                let part = (goal - sums[step]) / max(1e-12, sums[step + 1] - sums[step])
                let angle = (Double(step) + part) / Double(Self.steps) * 2 * Double.pi
                return MapRect(
                    centerX: a * sin(angle), centerY: -b * cos(angle), width: MapLayout.boxWidth,
                    height: MapLayout.unitHeight)
            }
        }
    }
}

extension MapLayout.Place {
    fileprivate func moved(x: Double, y: Double) -> MapLayout.Place {
        MapLayout.Place(box: box.moved(x: x, y: y), label: label.moved(x: x, y: y))
    }
}
