/// Says where the leaves of one file end: every 64 KiB of a tensor from its start on, elsewhere by content.
struct LeafCutter {
    struct Cut: Sendable, Hashable {
        let size: Int
        /// As in `NewShard`.
        let elementBytes: Int
    }

    private let spans: [TensorLayout.Span]
    private var index = 0
    private var position = 0
    private var chunker = FastChunker()

    /// - Parameter layout: where tensors lie, if any.
    init(_ layout: TensorLayout?) { spans = layout?.spans ?? [] }

    /// Takes the next bytes of the file.
    /// - Returns: the leaves that end in them.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [Cut] {
        var cuts: [Cut] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            while index < spans.count, spans[index].end <= position { index += 1 }
            let span = index < spans.count ? spans[index] : nil
            if let span, position >= span.start {
                let end = leafEnd(in: span)
                let taken = min(rest.count, end - position)
                position += taken
                rest = rest.dropFirst(taken)
                if position == end {
                    cuts.append(Cut(size: end - leafStart(in: span), elementBytes: span.elementBytes))
                }
            } else {
                let taken = min(rest.count, (span?.start ?? .max) - position)
                for size in chunker.feed(UnsafeRawBufferPointer(rebasing: rest.prefix(taken))) {
                    cuts.append(Cut(size: size, elementBytes: 1))
                }
                position += taken
                rest = rest.dropFirst(taken)
                if position == span?.start, let size = chunker.finish() {
                    cuts.append(Cut(size: size, elementBytes: 1))
                }
            }
        }
        return cuts
    }

    /// The file has ended.
    /// - Returns: the last leaf, unless it ended with the file.
    mutating func finish() -> Cut? {
        while index < spans.count, spans[index].end <= position { index += 1 }
        guard index < spans.count, position > spans[index].start else {
            return chunker.finish().map { Cut(size: $0, elementBytes: 1) }
        }
        // It was cut short while it was read.
        let size = (position - spans[index].start) % TensorLayout.leafBytes
        return size > 0 ? Cut(size: size, elementBytes: spans[index].elementBytes) : nil
    }

    /// Where the leaf of the last byte taken begins.
    private func leafStart(in span: TensorLayout.Span) -> Int {
        span.start + max(0, position - 1 - span.start) / TensorLayout.leafBytes * TensorLayout.leafBytes
    }

    private func leafEnd(in span: TensorLayout.Span) -> Int {
        min(span.end, span.start + ((position - span.start) / TensorLayout.leafBytes + 1) * TensorLayout.leafBytes)
    }
}
