import TestKit
import Testing

@testable import DataSync

@Suite struct CodecChoiceTests {
    private static let weights: [CodecChoice.Method: CodecChoice.Measure] = [
        .stored: .init(ratio: 1), .small: .init(encode: 300e6, decode: 800e6, ratio: 0.84),
        .delta: .init(encode: 1.5e9, decode: 1.5e9, ratio: 0.55),
        .smallDelta: .init(encode: 400e6, decode: 900e6, ratio: 0.48),
    ]

    /// The slower the link, the smaller what travels.
    @Test func slowLinksGetTheSmallerBytes() {
        func method(_ rate: Double?) -> CodecChoice.Method {
            CodecChoice.best(of: Self.weights, bytesPerSecond: rate).method
        }
        #expect(method(1e6) == .smallDelta)
        #expect(method(125e6) == .smallDelta)
        #expect(method(200e6) == .smallDelta)
        #expect(method(nil) == .smallDelta)
        // Where zstd cannot keep up with what a link is taken to be worth, LZ4 does.
        var slow = Self.weights
        slow[.smallDelta]?.encode = 60e6
        #expect(CodecChoice.best(of: slow, bytesPerSecond: 3e9).method == .delta)
        var alone = Self.weights
        alone[.delta] = nil
        alone[.smallDelta] = nil
        #expect(CodecChoice.best(of: alone, bytesPerSecond: 12.5e6).method == .small)
        #expect(CodecChoice.best(of: alone, bytesPerSecond: 2e9).method == .stored)
        #expect(CodecChoice.best(of: [:], bytesPerSecond: nil).method == .stored)
    }

    /// Whatever is measured: what is chosen is never slower than sending bytes as they lie.
    @Test func neverSlowerThanDoingNothing() {
        var random = SeededGenerator(seed: 131)
        for _ in 0..<2000 {
            var measures: [CodecChoice.Method: CodecChoice.Measure] = [.stored: .init(ratio: 1)]
            for method in CodecChoice.Method.allCases where method != .stored {
                measures[method] = .init(
                    encode: .random(in: 1e6...5e9, using: &random), decode: .random(in: 1e6...5e9, using: &random),
                    ratio: .random(in: 0.01...1.2, using: &random))
            }
            let rate = Double.random(in: 1e5...5e9, using: &random)
            let link = min(rate, CodecChoice.fastLink)
            let choice = CodecChoice.best(of: measures, bytesPerSecond: rate)
            #expect(choice.cost <= 1 / link)
            for (method, measure) in measures where !method.isDear || rate <= CodecChoice.slowLink {
                let cost = max(1 / measure.encode, measure.ratio / link, 1 / measure.decode)
                #expect(choice.cost * 0.95 <= cost * 1.000001 || choice.cost <= cost)
            }
        }
    }
}
