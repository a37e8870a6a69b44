import Core

extension SplitMix64 {
    /// A number from 0 up to `limit`, which it is not.
    @inline(__always)
    mutating func below(_ limit: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(limit)).high)
    }
}
