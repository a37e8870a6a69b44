import Store

/// Where a record lies: in which segment, at which byte. Never used again once it was given out and committed.
struct LeafPosition: Hashable, Comparable, Sendable, SQLValue {
    let value: Int64

    init(_ value: Int64) { self.value = value }

    init(segment: Int, offset: Int) { value = Int64(segment) << 32 | Int64(offset) }

    var segment: Int { Int(value >> 32) }
    var offset: Int { Int(value & 0xffff_ffff) }

    var sqlStorage: SQLStorage { .integer(value) }

    static func < (left: LeafPosition, right: LeafPosition) -> Bool { left.value < right.value }

    /// The positions of one segment.
    static func all(in segment: Int) -> ClosedRange<LeafPosition> {
        LeafPosition(segment: segment, offset: 0)...LeafPosition(segment: segment, offset: 0xffff_ffff)
    }
}
