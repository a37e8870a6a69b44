/// What a fetch has moved so far.
struct MovedShards {
    var shards = 0
    /// Bytes on the bus, as compressed.
    var bytes = 0
    /// The last attempt ended in damaged bytes: the source must look at its disk again.
    var sawDamage = false
}
