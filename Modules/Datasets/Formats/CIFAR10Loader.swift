import Glibc

/// Reads CIFAR-10's binary version (A. Krizhevsky, 2009): records of a label and 3 × 32 × 32 bytes, all reds before all
/// greens before all blues, row by row.
struct CIFAR10Loader {
    let source: DatasetSource
    let limits: DatasetLimits

    private static let features = 3 * 32 * 32
    private static let record = 1 + features
    private static let classes = 10

    func load() throws -> Table {
        let readers = try paths().map { try DataFile.open($0) }
        var table = Table(features: [], labels: [], featureCount: Self.features)
        let mostSamples = readers.reduce(0) { $0 + min($1.mostBytesLeft, limits.maximumBytes) / Self.record }
        if !source.path.hasSuffix(".gz") {
            try limits.check(samples: mostSamples, features: Self.features, of: source.path)
            table.features.reserveCapacity(mostSamples * Self.features)
        }
        for reader in readers { try read(reader, into: &table) }
        return table
    }

    /// The file itself, or the training batches in a folder.
    private func paths() throws -> [String] {
        var status = stat()
        guard stat(source.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [source.path] }
        let names = (1...5).map { "\(source.path)/data_batch_\($0).bin" }
        let batches = names.filter { access($0, F_OK) == 0 }
        guard !batches.isEmpty else {
            throw DatasetError(
                .unreadable,
                "\(source.path): the folder has no data_batch_1.bin to data_batch_5.bin; name a file instead")
        }
        return batches
    }

    private func read(_ reader: any ByteReader, into table: inout Table) throws {
        let records = 64
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: records * Self.record, alignment: 16)
        defer { chunk.deallocate() }
        let before = table.labels.count
        while true {
            var filled = 0
            while filled < chunk.count {
                let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: chunk[filled...]))
                if count == 0 { break }
                filled += count
            }
            if filled == 0 { break }
            guard filled.isMultiple(of: Self.record) else {
                throw DatasetError(
                    .malformed,
                    "\(reader.name): it ends \(filled % Self.record) bytes into a record of \(Self.record); the file is "
                        + "truncated or not CIFAR-10's binary version")
            }
            for start in stride(from: 0, to: filled, by: Self.record) {
                let sample = table.labels.count - before
                guard chunk[start] < Self.classes else {
                    throw DatasetError(
                        .invalidLabel,
                        "\(reader.name): sample \(sample) (counted from 0) has label \(chunk[start]), but CIFAR-10 has "
                            + "\(Self.classes) classes; the file is damaged or of another format")
                }
                table.labels.append(Int32(chunk[start]))
                table.features.append(
                    contentsOf: chunk[(start + 1)..<(start + Self.record)].lazy.map { Float($0) })
            }
            try limits.check(samples: table.labels.count, features: Self.features, of: source.path)
        }
        guard table.labels.count > before else { throw DatasetError(.malformed, "\(reader.name): it is empty") }
    }
}
