import Contracts
import Core

/// A map of the topology as text for Graphviz.
enum DotMap {
    static func text(_ view: TopologyView) -> String {
        var lines = ["digraph topology {", "  label=\(quoted("GEdge topology, \(view.time)"));", "  core [shape=box];"]
        for edge in view.edges {
            let name = edge.site.name.text
            lines.append("  \(quoted(name)) [label=\(quoted("\(name)\n\(edge.phase)"))];")
            for (from, to, link) in [("core", name, edge.down), (name, "core", edge.up)] {
                if let link { lines.append(line(from, to, link)) }
            }
        }
        for link in view.others { lines.append(line(link.from.text, link.to.text, link)) }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    private static func line(_ from: String, _ to: String, _ link: LinkState) -> String {
        let words = [link.roundTripSeconds.map(LinkText.time), link.bytesPerSecond.map(LinkText.rate)].compactMap(
            \.self)
        let style = link.isStale ? ", style=dashed" : link.bytesPerSecond == nil ? ", style=dotted" : ""
        return "  \(quoted(from)) -> \(quoted(to)) [label=\(quoted(words.joined(separator: "\n")))\(style)];"
    }

    /// A string of the DOT language: line feeds are `\n`.
    private static func quoted(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            TextWidth.printable(String(line)).map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        }
        return "\"" + lines.joined(separator: "\\n") + "\""
    }
}
