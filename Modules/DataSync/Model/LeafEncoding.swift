/// How a leaf's bytes are written, at rest and on the wire.
public enum LeafEncoding: UInt8, Sendable, Hashable, CaseIterable {
    /// As they are.
    case raw = 0
    case lz4 = 1
    /// Byte shuffle of four-byte elements, then LZ4.
    case shuffledLZ4 = 2
    case zstd = 3
    case shuffledZstd = 4
}
