import Contracts

/// What of an append is new, told from how far its producer is.
struct AppendPlan: Sendable, Hashable {
    /// The bytes of the attachment to be added.
    var range: Range<Int>
    /// How far the producer is afterwards.
    var position: Int
    var records: Int

    /// - Parameters:
    ///   - known: how far the producer is; 0 for none.
    ///   - offset: where the producer says `bytes` begin; `nil` for behind what is known.
    /// - Throws: `DataSyncError` `conflict` for a gap, `invalid-request` for bytes that do not end with a record.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int?, known: Int, format: RecordFormat, producer: String?)
        throws(DataSyncError)
    {
        let start = offset ?? known
        guard start >= 0, start <= known else {
            throw DataSyncError(
                .conflict,
                "producer '\(producer ?? "")' sends byte \(start) of its records, but only \(known) are here; send it "
                    + "from byte \(known) on")
        }
        let skipped = min(bytes.count, known - start)
        range = skipped..<bytes.count
        position = max(known, start + bytes.count)
        let new = UnsafeRawBufferPointer(rebasing: bytes[range])
        let whole = format.whole(in: new)
        guard whole.bytes == new.count else {
            throw DataSyncError(
                .invalidRequest,
                format == .lines
                    ? "the last of the records does not end in a line feed; append whole lines"
                    : "the last of the records has fewer bytes than its length says; append whole records")
        }
        records = whole.records
    }
}
