import Core

/// How jobs learned, as an SVG document of its own: a panel for their quality and one for their loss, over one axis.
struct LearningPlot: Sendable {
    /// As many as there are colours that tell lines apart.
    static let mostJobs = 8
    /// More points than pixels show nothing more.
    private static let mostPoints = 1500
    private static let width = 860.0
    private static let panelHeight = 230.0
    private static let left = 76.0

    private struct Series {
        var color: String
        var isDashed = false
        /// In data coordinates.
        var points: [(x: Double, y: Double)]
    }

    private struct Panel {
        var title: String
        var series: [Series]
        var ticks: AxisTicks
        var text: @Sendable (Double) -> String
    }

    private enum Color {
        static let ink = "#1f2933"
        static let faint = "#66727f"
        static let grid = "#e4e7eb"
        /// Okabe and Ito's, which people who see few colours tell apart, too.
        static let lines = [
            "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#4d4d4d",
        ]
    }

    private let curves: [LearningCurve]
    private let axis: PlotAxis
    private let across: AxisTicks
    private let panels: [Panel]

    init(_ curves: [LearningCurve], against axis: PlotAxis) {
        (self.curves, self.axis) = (curves, axis)
        let farthest = curves.flatMap(\.points).map { $0.place(on: axis) }.max() ?? 1
        across =
            switch axis {
            case .rounds: AxisTicks(farthest > 1 ? 1 : 0, max(1, farthest), count: 8, atLeast: 1)
            case .seconds: AxisTicks(0, farthest, count: 8)
            case .bytes: AxisTicks(bytes: farthest, count: 8)
            }
        func series(_ value: (LearningCurve.Point) -> Double?, isDashed: Bool = false) -> [Series] {
            curves.enumerated().compactMap { index, curve in
                let points = curve.points.compactMap { point in
                    value(point).flatMap { $0.isFinite ? (point.place(on: axis), $0) : nil }
                }
                guard !points.isEmpty else { return nil }
                return Series(
                    color: Color.lines[index % Color.lines.count], isDashed: isDashed, points: Self.thinned(points))
            }
        }
        func panel(
            _ title: String, _ series: [Series], least: Double? = nil, most: Double? = nil,
            _ text: @escaping @Sendable (Double) -> String
        ) -> Panel? {
            let values = series.flatMap(\.points).map(\.y)
            guard let low = values.min(), let high = values.max() else { return nil }
            var ticks = AxisTicks(low, high)
            // A share of one has no ticks beyond it.
            if let most, ticks.range.upperBound > most { ticks = AxisTicks(min(low, most - 1e-6), most) }
            if let least, ticks.range.lowerBound < least { ticks = AxisTicks(least, max(high, least + 1e-6)) }
            return Panel(title: title, series: series, ticks: ticks, text: text)
        }
        let losses = series(\.loss) + series(\.trainingLoss, isDashed: true)
        panels = [
            panel("accuracy", series(\.accuracy), least: 0, most: 1) { AxisTicks.text($0 * 100) + " %" },
            panel("mean return", series(\.meanReturn)) { AxisTicks.text($0) },
            panel(losses.contains { !$0.isDashed } ? "loss (training loss dashed)" : "training loss", losses, least: 0)
            {
                AxisTicks.text($0)
            },
        ].compactMap(\.self)
    }

    /// The first, the last and evenly chosen points between.
    private static func thinned(_ points: [(Double, Double)]) -> [(x: Double, y: Double)] {
        guard points.count > mostPoints else { return points.map { (x: $0.0, y: $0.1) } }
        return (0..<mostPoints).map { index in
            let point = points[index * (points.count - 1) / (mostPoints - 1)]
            return (x: point.0, y: point.1)
        }
    }

    // MARK: Drawing

    var text: String {
        let legendRows = (curves.count + 1) / 2
        let top = 52 + 20 * Double(legendRows)
        let height = top + (Self.panelHeight + 44) * Double(panels.count) + 30
        let frame = MapRect(x: 0, y: 0, width: Self.width, height: height)
        var parts = [SVGText.rect(frame, [("fill", "#ffffff")])]
        parts.append(
            SVGText.text(
                curves.count == 1 ? "How job \(curves[0].job) learned" : "How \(curves.count) jobs learned", x: 28,
                y: 32,
                size: 18, width: Self.width - 56, [("font-weight", "bold")]))
        parts += legend
        for (index, panel) in panels.enumerated() {
            let box = MapRect(
                x: Self.left, y: top + 24 + (Self.panelHeight + 44) * Double(index), width: Self.width - Self.left - 28,
                height: Self.panelHeight)
            parts += draw(panel, in: box)
        }
        parts.append(
            SVGText.text(
                axis.title, x: Self.left + (Self.width - Self.left - 28) / 2, y: height - 14, size: 12, width: 300,
                [("fill", Color.faint), ("text-anchor", "middle")]))
        let size = [("width", SVGText.number(Self.width)), ("height", SVGText.number(height))]
        return SVGText.element(
            "svg",
            [("xmlns", "http://www.w3.org/2000/svg")] + size + [
                ("viewBox", "0 0 \(SVGText.number(Self.width)) \(SVGText.number(height))"),
                ("font-family", "DejaVu Sans, Verdana, Helvetica, sans-serif"), ("fill", Color.ink),
            ], "\n" + parts.joined(separator: "\n") + "\n") + "\n"
    }

    /// Two jobs a row, each with what it ended at.
    private var legend: [String] {
        curves.enumerated().flatMap { index, curve -> [String] in
            let x = 28 + Double(index % 2) * (Self.width - 56) / 2
            let y = 54 + 20 * Double(index / 2)
            let last = curve.points.last
            let quality =
                last?.accuracy.map { ", accuracy \(NumberText.percent($0))" }
                ?? last?.meanReturn.map { ", mean return \(NumberText.fixed($0, digits: 2))" } ?? ""
            let text = last.map { "\(curve.job): round \(Int($0.round))\(quality)" } ?? "\(curve.job): no round yet"
            return [
                line(from: (x, y - 4), to: (x + 22, y - 4), Color.lines[index % Color.lines.count], width: 3),
                SVGText.text(text, x: x + 30, y: y, size: 12, width: (Self.width - 56) / 2 - 40),
            ]
        }
    }

    private func draw(_ panel: Panel, in box: MapRect) -> [String] {
        func x(_ value: Double) -> Double { box.x + box.width * share(value, across.range) }
        func y(_ value: Double) -> Double { box.bottom - box.height * share(value, panel.ticks.range) }
        var parts = [
            SVGText.text(panel.title, x: box.x, y: box.y - 8, size: 13, width: box.width, [("font-weight", "bold")])
        ]
        for value in panel.ticks.values {
            parts.append(line(from: (box.x, y(value)), to: (box.right, y(value)), Color.grid, width: 1))
            parts.append(
                SVGText.text(
                    panel.text(value), x: box.x - 8, y: y(value) + 4, size: 11, width: box.x - 12,
                    [("fill", Color.faint), ("text-anchor", "end")]))
        }
        for value in across.values {
            parts.append(line(from: (x(value), box.y), to: (x(value), box.bottom), Color.grid, width: 1))
            parts.append(
                SVGText.text(
                    axis.text(value), x: x(value), y: box.bottom + 16, size: 11, width: 80,
                    [("fill", Color.faint), ("text-anchor", "middle")]))
        }
        parts.append(line(from: (box.x, box.bottom), to: (box.right, box.bottom), Color.ink, width: 1.2))
        parts.append(line(from: (box.x, box.y), to: (box.x, box.bottom), Color.ink, width: 1.2))
        for series in panel.series {
            let places = series.points.map { "\(SVGText.number(x($0.x))),\(SVGText.number(y($0.y)))" }
            if places.count > 1 {
                parts.append(
                    SVGText.element(
                        "polyline",
                        [
                            ("points", places.joined(separator: " ")), ("fill", "none"), ("stroke", series.color),
                            ("stroke-width", series.isDashed ? "1.4" : "2"), ("stroke-linejoin", "round"),
                        ] + (series.isDashed ? [("stroke-dasharray", "5 4")] : [])))
            }
            // A single round makes no line; few rounds are seen better with their points.
            if series.points.count <= 40, !series.isDashed || series.points.count == 1 {
                parts += series.points.map {
                    SVGText.element(
                        "circle",
                        [
                            ("cx", SVGText.number(x($0.x))), ("cy", SVGText.number(y($0.y))), ("r", "2.6"),
                            ("fill", series.color),
                        ])
                }
            }
        }
        return parts
    }

    private func share(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        let span = range.upperBound - range.lowerBound
        return span > 0 ? min(1, max(0, (value - range.lowerBound) / span)) : 0
    }

    private func line(from: (Double, Double), to: (Double, Double), _ color: String, width: Double) -> String {
        SVGText.element(
            "line",
            [
                ("x1", SVGText.number(from.0)), ("y1", SVGText.number(from.1)), ("x2", SVGText.number(to.0)),
                ("y2", SVGText.number(to.1)), ("stroke", color), ("stroke-width", SVGText.number(width)),
            ])
    }
}
