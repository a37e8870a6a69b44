import Contracts
import Core
import Glibc

/// A map of the topology as an SVG document of its own: no script, no style sheet, no font and no picture from elsewhere.
struct SVGMap: Sendable {
    private let view: TopologyView
    private let layout: MapLayout
    /// Where each edge's box is.
    private let boxes: [PeerID: MapRect]

    init(_ view: TopologyView) {
        self.view = view
        layout = MapLayout(edges: view.edges.count)
        boxes = Dictionary(zip(view.edges, layout.places).map { (PeerID($0.site.name), $1.box) }) { first, _ in first }
    }

    private enum Color {
        static let ink = "#1f2933"
        static let faint = "#66727f"
        static let link = "#4a7fb5"
        static let stale = "#9aa5b1"
        static let between = "#8e6bbf"
        static let ready = "#2f9e62"
        static let waiting = "#d9961a"
        static let gone = "#d64545"
    }

    var text: String {
        let size = [("width", SVGText.number(layout.width)), ("height", SVGText.number(layout.height))]
        let frame = MapRect(x: 0, y: 0, width: layout.width, height: layout.height)
        var parts = [SVGText.rect(frame, [("fill", "#ffffff")])]
        parts += title
        parts += view.others.compactMap(between)
        parts += zip(view.edges, layout.places).map(link)
        parts += core
        parts += zip(view.edges, layout.places).map(box)
        parts += legend
        let body = "\n" + parts.joined(separator: "\n") + "\n"
        let viewBox = "0 0 \(SVGText.number(layout.width)) \(SVGText.number(layout.height))"
        return SVGText.element(
            "svg",
            [("xmlns", "http://www.w3.org/2000/svg")] + size + [
                ("viewBox", viewBox), ("font-family", "DejaVu Sans, Verdana, Helvetica, sans-serif"),
                ("fill", Color.ink),
            ], body) + "\n"
    }

    // MARK: Title and core

    private var title: [String] {
        [
            SVGText.text(
                "GEdge topology", x: 28, y: 30, size: 18, width: layout.width - 56, [("font-weight", "bold")]),
            SVGText.text(
                "\(view.summary), \(view.time)", x: 28, y: 48, size: 12, width: layout.width - 56,
                [("fill", Color.faint)]),
        ]
    }

    private var core: [String] {
        let rect = layout.core
        return [
            SVGText.rect(rect, [("fill", Color.ink)], radius: 10),
            SVGText.text(
                "core", x: rect.centerX, y: rect.centerY + 6, size: 17, width: rect.width - 12,
                [("fill", "#ffffff"), ("font-weight", "bold"), ("text-anchor", "middle")]),
        ]
    }

    // MARK: Links

    /// How wide a link is drawn: one pixel up to 1 MB/s, and one and a half more for ten times as much.
    static func width(_ bytesPerSecond: Double?) -> Double {
        guard let bytesPerSecond, bytesPerSecond > 1e6 else { return 1 }
        return min(8, 1 + 1.5 * log10(bytesPerSecond / 1e6))
    }

    private func link(_ edge: TopologyView.Edge, _ place: MapLayout.Place) -> String {
        let rate = [edge.down?.bytesPerSecond, edge.up?.bytesPerSecond].compactMap(\.self).max()
        let isUsable = edge.link?.measured != nil && !edge.isStale
        return SVGText.element(
            "line",
            [
                ("x1", SVGText.number(layout.core.centerX)), ("y1", SVGText.number(layout.core.centerY)),
                ("x2", SVGText.number(place.box.centerX)), ("y2", SVGText.number(place.box.centerY)),
                ("stroke", isUsable ? Color.link : Color.stale), ("stroke-width", SVGText.number(Self.width(rate))),
                // On more than one ring links pass behind the boxes of others.
                ("stroke-opacity", view.edges.count > MapLayout.mostOnOneRing ? "0.35" : "0.7"),
            ] + (isUsable ? Self.dots(rate) : [("stroke-dasharray", "7 5")]))
    }

    /// A link of which nobody knows yet what it carries is dotted, or it would look like a slow one.
    private static func dots(_ bytesPerSecond: Double?) -> [(String, String)] {
        bytesPerSecond == nil ? [("stroke-dasharray", "2 4")] : []
    }

    private func between(_ link: LinkState) -> String? {
        guard let from = boxes[link.from], let to = boxes[link.to] else { return nil }
        // Bent towards the core, so that it does not run through the neighbours.
        let (middleX, middleY) = ((from.centerX + to.centerX) / 2, (from.centerY + to.centerY) / 2)
        let (x, y) = (middleX + (layout.core.centerX - middleX) / 2, middleY + (layout.core.centerY - middleY) / 2)
        let path =
            "M\(SVGText.number(from.centerX)) \(SVGText.number(from.centerY)) "
            + "Q\(SVGText.number(x)) \(SVGText.number(y)) \(SVGText.number(to.centerX)) \(SVGText.number(to.centerY))"
        let words = ["\(link.from) to \(link.to)", link.bytesPerSecond.map(LinkText.rate)].compactMap(\.self)
        return SVGText.element(
            "path",
            [
                ("d", path), ("fill", "none"), ("stroke", Color.between),
                ("stroke-width", SVGText.number(Self.width(link.bytesPerSecond))), ("stroke-opacity", "0.6"),
            ] + (link.isStale ? [("stroke-dasharray", "7 5")] : Self.dots(link.bytesPerSecond)),
            SVGText.element("title", [], SVGText.escaped(words.joined(separator: ", "))))
    }

    /// `0.82 ms ↓812M ↑733M`.
    static func label(_ edge: TopologyView.Edge) -> String {
        guard let link = edge.link, link.measured != nil else { return "not measured" }
        var words: [String] = []
        if let median = link.roundTripSeconds { words.append(LinkText.time(median)) }
        if let rate = edge.down?.bytesPerSecond { words.append("↓\(LinkText.brief(rate))") }
        if let rate = edge.up?.bytesPerSecond { words.append("↑\(LinkText.brief(rate))") }
        if let loss = link.loss, loss >= 0.01 { words.append("\(LinkText.share(loss)) lost") }
        return words.joined(separator: "  ")
    }

    // MARK: Edges

    private func box(_ edge: TopologyView.Edge, _ place: MapLayout.Place) -> String {
        let (site, box) = (edge.site, place.box)
        let isGone = site.phase == .lost || site.phase == .left || site.phase == .revoked
        let color = Self.color(site.phase)
        var shapes = [
            SVGText.rect(
                box,
                [("fill", isGone ? "#fdf0f0" : "#ffffff"), ("stroke", color), ("stroke-width", "1.8")]
                    + (isGone ? [("stroke-dasharray", "4 3")] : []), radius: 7)
        ]
        if site.cordon != nil {
            let mark = MapRect(x: box.x + 2, y: box.y + 2, width: 7, height: box.height - 4)
            shapes.append(SVGText.rect(mark, [("fill", Color.waiting)], radius: 3))
        }
        let isPlain = site.phase == .ready && site.cordon == nil
        var facts = ["\(site.report.hardware.threads) threads"]
        if isPlain {
            facts.append(NumberText.bytes(Int(clamping: site.report.hardware.memory)))
            if edge.gpus > 0 { facts.append("\(edge.gpus) GPU") }
        } else {
            facts.insert(edge.phase, at: 0)
        }
        let (x, width) = (box.x + 15, box.width - 24)
        shapes.append(
            SVGText.text(site.name.text, x: x, y: box.y + 18, size: 13, width: width, [("font-weight", "bold")]))
        shapes.append(
            SVGText.text(
                facts.joined(separator: " · "), x: x, y: box.y + 34, size: 10.5, width: width,
                [("fill", isPlain ? Color.faint : site.phase == .ready ? Color.waiting : color)]))
        let label = Self.label(edge)
        // As wide as its text, so that no more of the link is covered than must be.
        let pill = MapRect(
            centerX: place.label.centerX, centerY: place.label.centerY,
            width: min(place.label.width, Double(TextWidth.columns(label)) * 6.2 + 10), height: place.label.height)
        shapes.append(SVGText.rect(pill, [("fill", "#ffffff"), ("fill-opacity", "0.9")], radius: 4))
        shapes.append(
            SVGText.text(
                label, x: place.label.centerX, y: place.label.y + 12.5, size: 10.5,
                width: place.label.width - 8,
                [
                    ("text-anchor", "middle"),
                    ("fill", edge.isStale || edge.link?.measured == nil ? Color.faint : Color.ink),
                ]))
        let details =
            [site.name.text, edge.phase, site.report.hardware.processor]
            + site.report.datasets.map { "data: \($0.name)" }
        shapes.append(SVGText.element("title", [], SVGText.escaped(details.joined(separator: ", "))))
        return SVGText.element("g", [], shapes.joined())
    }

    private static func color(_ phase: SitePhase) -> String {
        switch phase {
        case .ready: Color.ready
        case .reconnecting: Color.waiting
        case .lost, .left, .revoked: Color.gone
        }
    }

    // MARK: Legend

    private var legend: [String] {
        let top = layout.legend.y
        var parts: [String] = []
        var x = 28.0
        func line(_ y: Double, _ color: String, _ width: Double, dashes: String? = nil) {
            parts.append(
                SVGText.element(
                    "line",
                    [
                        ("x1", SVGText.number(x)), ("y1", SVGText.number(y - 4)), ("x2", SVGText.number(x + 34)),
                        ("y2", SVGText.number(y - 4)), ("stroke", color), ("stroke-width", SVGText.number(width)),
                    ] + (dashes.map { [("stroke-dasharray", $0)] } ?? [])))
        }
        func text(_ words: String, _ y: Double, indent: Double, next: Double) {
            parts.append(SVGText.text(words, x: x + indent, y: y, size: 11, width: next - indent - 8))
            x += next
        }
        let first = top + 22
        for (rate, words) in [(1e6, "1 MB/s"), (1e8, "100 MB/s"), (1e10, "10 GB/s")] {
            line(first, Color.link, Self.width(rate))
            text(words, first, indent: 42, next: 118)
        }
        line(first, Color.link, Self.width(nil), dashes: "2 4")
        text("bandwidth not measured", first, indent: 42, next: 200)
        line(first, Color.stale, 2, dashes: "7 5")
        text("stale, or not measured", first, indent: 42, next: 200)
        x = 28
        let second = top + 44
        let phases = [
            ("Ready", Color.ready, false), ("Reconnecting", Color.waiting, false),
            ("Lost, left or revoked", Color.gone, true),
        ]
        for (words, color, isDashed) in phases {
            let rect = MapRect(x: x + 1, y: second - 11, width: 30, height: 13)
            parts.append(
                SVGText.rect(
                    rect,
                    [("fill", "#ffffff"), ("stroke", color), ("stroke-width", "1.8")]
                        + (isDashed ? [("stroke-dasharray", "4 3")] : []), radius: 4))
            text(words, second, indent: 42, next: words.count > 16 ? 190 : 132)
        }
        parts.append(
            SVGText.rect(
                MapRect(x: x, y: second - 12, width: 7, height: 15), [("fill", Color.waiting)], radius: 3))
        text("cordoned or draining", second, indent: 14, next: 166)
        line(second, Color.between, 2)
        text("between edges", second, indent: 42, next: 150)
        x = 28
        parts.append(
            SVGText.text(
                "Labels: round trip (median), and bytes per second that one transfer gets: ↓ from the core, ↑ to the core.",
                x: x,
                y: top + 66, size: 11, width: layout.width - 56, [("fill", Color.faint)]))
        return parts
    }
}
