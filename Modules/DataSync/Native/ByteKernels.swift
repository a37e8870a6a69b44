import CKernels
import Glibc

/// The loops of `Modules/C/CKernels` that the codecs use.
enum ByteKernels {
    /// The planes of the first `words` words of `raw`, one after the other in `planes`.
    static func split(_ raw: UnsafeRawBufferPointer, planes: UnsafeMutablePointer<UInt8>, words: Int) {
        gedge_split_words(raw.baseAddress, planes, planes + words, planes + 2 * words, planes + 3 * words, words)
    }

    static func join(_ planes: Planes, into raw: UnsafeMutableRawBufferPointer, words: Int) {
        gedge_join_words(raw.baseAddress, planes.first, planes.second, planes.third, planes.fourth, words)
    }

    /// The planes of the differences between words.
    static func split(
        _ raw: UnsafeRawBufferPointer, minus base: UnsafeRawBufferPointer, planes: UnsafeMutablePointer<UInt8>,
        words: Int
    ) {
        gedge_split_differences(
            raw.baseAddress, base.baseAddress, planes, planes + words, planes + 2 * words, planes + 3 * words, words)
    }

    static func join(
        _ planes: Planes, plus base: UnsafeRawBufferPointer, into raw: UnsafeMutableRawBufferPointer, words: Int
    ) {
        gedge_join_differences(
            raw.baseAddress, base.baseAddress, planes.first, planes.second, planes.third, planes.fourth, words)
    }

    /// The first byte of `bytes` after which the gear hash is below `threshold`, or `nil`, with `hash` that of the last.
    static func gearScan(
        _ bytes: UnsafeRawBufferPointer, hash: inout UInt64, gear: UnsafePointer<UInt64>, below threshold: UInt64
    ) -> Int? {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        let index = gedge_gear_scan(start, bytes.count, &hash, gear, threshold)
        return index < bytes.count ? index : nil
    }

    /// Bytes that `first` and `second` would take together if each value had the bits that its frequency in them deserves.
    static func entropy(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            guard let table = counts.baseAddress else { return 0 }
            for slice in [first, second] {
                gedge_count_bytes(slice.baseAddress?.assumingMemoryBound(to: UInt8.self), slice.count, table)
            }
            let total = first.count + second.count
            let bits = Float(total) * log2f(Float(total)) - counts.reduce(0) { $0 + countLog[Int($1)] }
            return Int(bits / 8)
        }
    }

    /// n log2 n of the counts that a sample can have.
    private static let countLog: [Float] = (0...2048).map { $0 == 0 ? 0 : Float($0) * log2f(Float($0)) }
}

extension UnsafeRawBufferPointer {
    /// Whether all bytes are the same.
    var isConstant: Bool {
        guard count > 1, let start = baseAddress else { return true }
        return memcmp(start, start + 1, count - 1) == 0
    }
}
