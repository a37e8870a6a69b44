/// Busy and total clock ticks of all processors since start-up.
struct ProcessorTimes: Sendable, Hashable {
    var busy: Int64
    var total: Int64

    init(busy: Int64, total: Int64) {
        self.busy = busy
        self.total = total
    }

    /// Reads the first line of `/proc/stat`: user nice system idle iowait irq softirq steal; guest time is inside user already.
    init?(_ scanner: ByteScanner) {
        var scanner = scanner
        guard scanner.skip("cpu ") else { return nil }
        var fields: [Int64] = []
        while fields.count < 8, let value = scanner.number() { fields.append(value) }
        guard fields.count >= 4 else { return nil }
        var total: Int64 = 0
        for field in fields {
            let (sum, overflow) = total.addingReportingOverflow(field)
            if overflow { return nil }
            total = sum
        }
        self.total = total
        busy = total - fields[3] - (fields.count > 4 ? fields[4] : 0)
    }
}
