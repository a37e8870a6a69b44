import Contracts

/// What a fetch has moved so far.
struct MovedShards {
    var shards = 0
    /// Bytes on the bus, as compressed.
    var bytes = 0
    /// Sources whose bytes were damaged the last time: they must look at their disks again.
    var damaging: Set<PeerID> = []
}
