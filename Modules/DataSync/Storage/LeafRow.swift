/// What the index says of a leaf.
struct LeafRow: Hashable, Sendable {
    let position: LeafPosition
    let record: LeafRecord

    var end: Int { position.offset + record.length }
}
