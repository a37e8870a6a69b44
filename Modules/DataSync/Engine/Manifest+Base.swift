import Contracts

extension Manifest {
    /// For each shard that of `base` at the same place, to which it may be a difference; the shard itself where there is none.
    ///
    /// Tensors lie at the same places when all of them do. In files that hold tensors a place is the file, how far before its end
    /// (a header that grew moves nothing), and the size. Both sides of a transfer come to the same answer.
    /// - Returns: `nil` when no shard has one.
    func places(in base: Manifest) -> [ShardSpec]? {
        guard files.isEmpty else {
            let known = Dictionary(base.filePlaces().map { ($0.place, $0.shard) }) { first, _ in first }
            var found = shards
            var isAny = false
            for (index, place) in filePlaces().map({ ($0.index, $0.place) }) {
                guard let other = known[place] else { continue }
                found[index] = other
                isAny = true
            }
            return isAny ? found : nil
        }
        return base.hasSameLayout(as: self) ? base.shards : nil
    }

    private struct Place: Hashable {
        let path: [UInt8]
        /// Bytes from where it begins to the end of the file.
        let beforeEnd: Int
        let size: Int
    }

    /// The shards that lie within one file that holds tensors.
    private func filePlaces() -> [(index: Int, place: Place, shard: ShardSpec)] {
        var places: [(index: Int, place: Place, shard: ShardSpec)] = []
        var next = 0
        var end = 0
        for file in files {
            let start = end
            end += file.size
            while next < shards.count, shards[next].offset < start { next += 1 }
            guard TensorLayout.isExpected(in: file.path) else { continue }
            let path = Array(file.path.utf8)
            while next < shards.count, shards[next].offset + shards[next].size <= end {
                let shard = shards[next]
                places.append((next, Place(path: path, beforeEnd: end - shard.offset, size: shard.size), shard))
                next += 1
            }
        }
        return places
    }
}
