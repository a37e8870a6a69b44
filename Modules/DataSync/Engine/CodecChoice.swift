/// How the bytes of a shard go over a link: pure arithmetic on what was measured.
struct CodecChoice: Sendable, Hashable {
    enum Method: Sendable, Hashable, CaseIterable {
        /// As they are stored.
        case stored
        /// Whole, compressed anew by zstd.
        case small
        /// The difference to a base that both sides have, by LZ4 or zstd.
        case delta
        case smallDelta

        /// Whether it is for slow links alone.
        var isDear: Bool { self == .small }
    }

    /// What a method was seen to do, per raw byte.
    struct Measure: Sendable, Hashable {
        /// Raw bytes per second, all threads that work at it together; infinite for what costs nothing.
        var encode: Double
        var decode: Double
        /// Bytes on the wire for each raw byte.
        var ratio: Double

        init(encode: Double = .infinity, decode: Double = .infinity, ratio: Double) {
            self.encode = encode
            self.decode = decode
            self.ratio = ratio
        }
    }

    /// However fast a link is, others want it too: bytes on the wire cost at least as if it carried so many a second. What was
    /// not measured yet is taken for as fast (docs/adr/0021).
    static let fastLink = 50e6
    /// Whole leaves are packed by zstd on links up to 1 Gbit/s: what seems slower than the machine but faster than that is held
    /// up by a processor or a disk, which more work would hold up longer. Of a difference zstd saves enough to be worth it
    /// on any link, as long as it is faster than `fastLink`.
    static let slowLink = 130e6
    /// A method must be so much faster than a cheaper one to be worth its work.
    private static let gain = 0.95

    let method: Method
    /// Seconds per raw byte: of the slowest of encoding, the link, and decoding, which overlap.
    let cost: Double

    /// The cheapest of `measures`, or `stored` when there is none.
    static func best(of measures: [Method: Measure], bytesPerSecond: Double?) -> CodecChoice {
        let measured = max(1, bytesPerSecond ?? .infinity)
        let link = min(fastLink, measured)
        var best: CodecChoice?
        // In order of the work they cost.
        for method in Method.allCases {
            guard let measure = measures[method] else { continue }
            if method.isDear, measured > slowLink, measures.count > 1 { continue }
            let cost = max(1 / measure.encode, measure.ratio / link, 1 / measure.decode)
            if let known = best, cost >= known.cost * gain { continue }
            best = CodecChoice(method: method, cost: cost)
        }
        return best ?? CodecChoice(method: .stored, cost: 1 / link)
    }
}
