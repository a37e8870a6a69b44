/// How much a document may ask of its reader. The defaults suit what people write by hand.
struct YAMLLimits {
    /// Bytes of UTF-8.
    var bytes = 4 << 20
    /// Collections inside collections.
    var depth = 64
    /// Nodes, counting what an alias stands for each time, and 64 bytes of text as one more.
    var nodes = 200_000

    static let standard = YAMLLimits()
}
