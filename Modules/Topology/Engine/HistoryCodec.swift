import Contracts

/// Records as the bytes of one row of the database, little-endian: a byte 1 for this format, then for each record
/// `[start: UInt32, milliseconds after the row's own][figures: UInt16, a bit each in the order of LoadMetric]`, and for each figure
/// `[count: UInt32][mean, minimum, maximum: Float32]`; of a single report only `[mean]`, with the top bit of `figures` set.
enum HistoryCodec {
    private static let format: UInt8 = 1
    private static let single: UInt16 = 1 << 15

    /// - Precondition: `records` begin at `start` or at most 49 days later.
    static func encode(_ records: some Sequence<HistoryRecord>, start: Int64) -> [UInt8] {
        var bytes = [format]
        for record in records {
            let isSingle = record.summaries.allSatisfy { $0.map { $0.count == 1 } ?? true }
            var figures: UInt16 = isSingle ? single : 0
            for (index, summary) in record.summaries.enumerated() where summary != nil { figures |= 1 << index }
            append(UInt32(clamping: record.start - start), to: &bytes)
            append(figures, to: &bytes)
            for case let summary? in record.summaries {
                if !isSingle { append(summary.count, to: &bytes) }
                append(summary.mean.bitPattern, to: &bytes)
                if isSingle { continue }
                append(summary.minimum.bitPattern, to: &bytes)
                append(summary.maximum.bitPattern, to: &bytes)
            }
        }
        return bytes
    }

    /// - Throws: `TopologyError` `corrupt` for bytes that are none of ours.
    static func decode(_ bytes: [UInt8], start: Int64) throws(TopologyError) -> [HistoryRecord] {
        guard bytes.first == format else { throw corrupt }
        var rest = bytes.dropFirst()
        var records: [HistoryRecord] = []
        while !rest.isEmpty {
            guard let offset: UInt32 = take(&rest), let figures: UInt16 = take(&rest) else { throw corrupt }
            var record = HistoryRecord(
                start: start + Int64(offset), summaries: Array(repeating: nil, count: LoadMetric.allCases.count))
            for index in record.summaries.indices where figures & 1 << index != 0 {
                guard let summary = figures & single != 0 ? takeSingle(&rest) : takeSummary(&rest) else {
                    throw corrupt
                }
                record.summaries[index] = summary
            }
            records.append(record)
        }
        return records
    }

    private static var corrupt: TopologyError {
        TopologyError(
            "corrupt", "the database holds a piece of the load's history that cannot be read; restore a backup")
    }

    private static func takeSingle(_ bytes: inout ArraySlice<UInt8>) -> HistorySummary? {
        takeFloat(&bytes).map { HistorySummary(minimum: $0, mean: $0, maximum: $0, count: 1) }
    }

    private static func takeSummary(_ bytes: inout ArraySlice<UInt8>) -> HistorySummary? {
        guard let count: UInt32 = take(&bytes), count > 0, let mean = takeFloat(&bytes),
            let minimum = takeFloat(&bytes), let maximum = takeFloat(&bytes)
        else { return nil }
        return HistorySummary(minimum: minimum, mean: mean, maximum: maximum, count: count)
    }

    private static func takeFloat(_ bytes: inout ArraySlice<UInt8>) -> Float? {
        guard let bits: UInt32 = take(&bytes) else { return nil }
        let value = Float(bitPattern: bits)
        return value.isFinite ? value : nil
    }

    private static func append<Number: FixedWidthInteger>(_ value: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func take<Number: FixedWidthInteger>(_ bytes: inout ArraySlice<UInt8>) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count >= size else { return nil }
        let value = bytes.prefix(size).reversed().reduce(Number(0)) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        bytes = bytes.dropFirst(size)
        return value
    }
}
