/// What a block device did since it appeared.
struct DiskCounters: Sendable, Hashable {
    /// Bytes.
    var read: Int64
    var written: Int64
    /// Milliseconds in which it had something to do.
    var busy: Int64

    init(read: Int64, written: Int64, busy: Int64) {
        self.read = read
        self.written = written
        self.busy = busy
    }

    /// Reads `/sys/dev/block/MAJOR:MINOR/stat` (Documentation/block/stat.rst of Linux), which counts in sectors of 512 bytes.
    init?(_ scanner: ByteScanner) {
        var scanner = scanner
        var fields: [Int64] = []
        while fields.count < 10, let value = scanner.number() { fields.append(value) }
        guard fields.count == 10, fields[2] < 1 << 53, fields[6] < 1 << 53 else { return nil }
        self.init(read: fields[2] * 512, written: fields[6] * 512, busy: fields[9])
    }
}
