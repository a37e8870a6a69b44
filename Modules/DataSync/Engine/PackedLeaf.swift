/// One leaf in an item's body: `skip << 28 | encoding << 24 | bytes`.
struct PackedLeaf: Sendable, Hashable {
    /// Bytes before the leaf's that mean nothing, such as the header of its record: sending them costs less than a message
    /// part of its own.
    static let maximumSkip = 64

    let skip: Int
    let encoding: LeafEncoding
    let bytes: Int

    init(skip: Int, encoding: LeafEncoding, bytes: Int) {
        self.skip = skip
        self.encoding = encoding
        self.bytes = bytes
    }

    /// - Returns: `nil` for a number that `packed` cannot have written.
    init?(_ packed: Int) {
        guard packed >= 0, packed >> 28 <= Self.maximumSkip,
            let encoding = LeafEncoding(rawValue: UInt8(packed >> 24 & 15))
        else { return nil }
        skip = packed >> 28
        self.encoding = encoding
        bytes = packed & 0xff_ffff
        guard bytes > 0, bytes <= Leaf.maximumBytes else { return nil }
    }

    var packed: Int { skip << 28 | Int(encoding.rawValue) << 24 | bytes }
}
