import Contracts
import MessageBus

extension Manifest {
    /// Reads what `canonicalBytes` wrote.
    /// - Throws: `DataSyncError` `invalid-manifest` for bytes that are no manifest, `too-large` for one that lists more than
    ///   the limits allow, before memory is spent on it.
    init(canonicalBytes bytes: UnsafeRawBufferPointer, limits: ManifestLimits) throws(DataSyncError) {
        // Every entry is an object: counting them is a bound that costs no memory.
        let objects = Self.objects(in: bytes)
        guard objects.shards <= limits.shards, objects.files <= limits.files, objects.tensors <= limits.tensors,
            objects.others <= 1
        else {
            throw DataSyncError(
                .tooLarge,
                "a manifest of \(objects.shards) shards, \(objects.files) files and \(objects.tensors) tensors, more than the "
                    + "limits allow")
        }
        do { self = try BodyDecoder.decode(Manifest.self, from: bytes) } catch {
            throw DataSyncError(.invalidManifest, "what the source sent is no manifest: \(error)")
        }
    }

    /// Opening braces outside of strings, by the member of the outermost object that they stand in; the outermost one, and
    /// whatever stands elsewhere, are among the others.
    private static func objects(
        in bytes: UnsafeRawBufferPointer
    ) -> (shards: Int, files: Int, tensors: Int, others: Int) {
        var (shards, files, tensors, others) = (0, 0, 0, 0)
        var depth = 0
        var text: Int?
        var isEscaped = false
        var member = bytes[0..<0]
        for (index, byte) in bytes.enumerated() {
            if let start = text {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    if depth == 1 { member = bytes[start..<index] }
                    text = nil
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): text = index + 1
            case UInt8(ascii: "{"):
                if depth > 0, member.elementsEqual("shards".utf8) {
                    shards += 1
                } else if depth > 0, member.elementsEqual("files".utf8) {
                    files += 1
                } else if depth > 0, member.elementsEqual("tensors".utf8) {
                    tensors += 1
                } else {
                    others += 1
                }
                depth += 1
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: continue
            }
        }
        return (shards, files, tensors, others)
    }
}
