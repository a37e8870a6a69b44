import Contracts
import MessageBus

extension Manifest {
    /// Reads what `canonicalBytes` wrote.
    /// - Throws: `DataSyncError` `invalid-manifest` for bytes that are no manifest, `too-large` for one that lists more than
    ///   the limits allow, before memory is spent on it.
    init(canonicalBytes bytes: UnsafeRawBufferPointer, limits: ManifestLimits) throws(DataSyncError) {
        // Every entry is an object: counting them is a bound that costs no memory.
        let objects = Self.objects(in: bytes)
        guard objects <= 1 + limits.shards + limits.files + limits.tensors else {
            throw DataSyncError(.tooLarge, "a manifest of \(objects) entries, more than the limits allow")
        }
        do { self = try BodyDecoder.decode(Manifest.self, from: bytes) } catch {
            throw DataSyncError(.invalidManifest, "what the source sent is no manifest: \(error)")
        }
    }

    /// Opening braces outside of strings.
    private static func objects(in bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        var isText = false
        var isEscaped = false
        for byte in bytes {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == UInt8(ascii: "{") {
                count += 1
            }
        }
        return count
    }
}
