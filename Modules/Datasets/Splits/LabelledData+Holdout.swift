import Core

extension LabelledData {
    /// Sets a share of every class aside, to judge models on what they were not trained on.
    /// - Parameters:
    ///   - fraction: the share to set aside, in (0, 1); each class gives its own, rounded, and all together give as near to
    ///     the share as whole samples can.
    ///   - seed: same seed, same choice.
    /// - Returns: the rest and what was set aside, each in the order of the data.
    /// - Throws: `DatasetError.Kind.invalidSettings` for a fraction out of range, or one that leaves either side empty.
    public func holdout(
        fraction: Double, seed: UInt64
    ) throws(DatasetError) -> (rest: LabelledData, heldOut: LabelledData) {
        let (rest, heldOut) = try holdoutIndices(fraction: fraction, seed: seed)
        return (subset(rest), subset(heldOut))
    }

    /// As `holdout(fraction:seed:)`, by the samples' indices.
    public func holdoutIndices(
        fraction: Double, seed: UInt64
    ) throws(DatasetError) -> (rest: [Int], heldOut: [Int]) {
        guard fraction > 0, fraction < 1 else {
            throw DatasetError(.invalidSettings, "the held-out share must lie between 0 and 1, not be \(fraction)")
        }
        var generator = SplitMix64(seed: seed, labels: "holdout")
        var isHeldOut = [Bool](repeating: false, count: count)
        var seen = 0
        var taken = 0
        for members in indicesByClass {
            var members = members
            Permutation.shuffle(&members, using: &generator)
            // Rounding the running total keeps the sum exact and each class within one sample of its share.
            seen += members.count
            let target = Int((Double(seen) * fraction).rounded())
            for index in members.prefix(target - taken) { isHeldOut[index] = true }
            taken = target
        }
        let heldOut = (0..<count).filter { isHeldOut[$0] }
        guard !heldOut.isEmpty, heldOut.count < count else {
            throw DatasetError(
                .invalidSettings, "a share of \(fraction) of \(count) samples leaves one side empty; choose another")
        }
        return ((0..<count).filter { !isHeldOut[$0] }, heldOut)
    }
}
