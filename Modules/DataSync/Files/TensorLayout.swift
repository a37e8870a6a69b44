/// Where the tensors of a file lie, so that it can be cut at their boundaries: of a `safetensors`, `npz` or `npy` file.
///
/// It only says where to cut. Whatever a header claims, the file comes back byte for byte; one that claims what cannot be is
/// cut by content like any other.
struct TensorLayout: Sendable, Hashable {
    /// A stretch of a file that is one tensor.
    struct Span: Sendable, Hashable {
        let start: Int
        let end: Int
        /// 4 where its bytes are better taken apart as 32-bit words, otherwise 1.
        let elementBytes: Int
    }

    /// Bytes of a leaf of a tensor, but for its last one.
    static let leafBytes = 64 << 10
    /// More than any model has; what claims more is cut by content.
    static let maximumSpans = 65_536
    private static let suffixes = [".safetensors", ".npz", ".npy"]

    /// In order; none is empty, and none overlaps another.
    let spans: [Span]

    /// - Returns: `nil` when there is no tensor, or they overlap or leave the file.
    init?(_ spans: [Span], size: Int) {
        let sorted = spans.filter { $0.end > $0.start }.sorted { $0.start < $1.start }
        guard !sorted.isEmpty, sorted.count <= Self.maximumSpans else { return nil }
        var end = 0
        for span in sorted {
            guard span.start >= end, span.end <= size else { return nil }
            end = span.end
        }
        self.spans = sorted
    }

    /// Whether files of this name hold tensors.
    static func isExpected(in path: String) -> Bool {
        let name = path.lowercased()
        return suffixes.contains { name.hasSuffix($0) }
    }

    /// The layout of a file, as its name and its header say.
    /// - Returns: `nil` for a file that is to be cut by content.
    /// - Throws: `StoreError` `io`.
    static func read(_ source: ByteSource, path: String) throws -> TensorLayout? {
        guard isExpected(in: path) else { return nil }
        let name = path.lowercased()
        if name.hasSuffix(".safetensors") { return try safetensors(source) }
        return name.hasSuffix(".npz") ? try npz(source) : try npy(source)
    }
}
