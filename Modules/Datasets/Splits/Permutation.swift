public import Core

/// Random orders that depend on the generator alone, not on the standard library's version.
public enum Permutation {
    /// A uniformly random order of 0 ..< `count` (Fisher and Yates's shuffle).
    public static func random(of count: Int, using generator: inout SplitMix64) -> [Int] {
        var order = Array(0..<count)
        shuffle(&order, using: &generator)
        return order
    }

    /// Brings `elements` into a uniformly random order.
    public static func shuffle<Element>(_ elements: inout [Element], using generator: inout SplitMix64) {
        var remaining = elements.count
        while remaining > 1 {
            let pick = Int(bounded(UInt64(remaining), using: &generator))
            remaining -= 1
            elements.swapAt(pick, remaining)
        }
    }

    /// A uniform number in 0 ..< `bound`, by multiplication with rejection (Lemire, "Fast Random Integer Generation in an
    /// Interval", 2019).
    private static func bounded(_ bound: UInt64, using generator: inout SplitMix64) -> UInt64 {
        let threshold = (0 &- bound) % bound
        while true {
            let (high, low) = generator.next().multipliedFullWidth(by: bound)
            if low >= threshold { return high }
        }
    }
}
