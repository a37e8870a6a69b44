/// How long one round's training will take at one edge.
package struct Prediction: Sendable, Hashable {
    /// Expected, in seconds.
    package var seconds: Double
    /// The bounds of the 90 % interval, in seconds.
    package var low: Double
    package var high: Double
    /// The share of `seconds` by which all rounds of a job are off together: one standard deviation of what is not known of
    /// the workload and the machine.
    package var bias: Double
    /// The share of `seconds` by which one round differs from the next: one standard deviation.
    package var noise: Double
    package var basis: Basis
    /// How many runs it rests on.
    package var runs: Int

    /// The profile that a prediction rests on, and why that one.
    package struct Basis: Sendable, Hashable {
        package var match: Match
        /// In words, for people.
        package var reason: String
    }

    /// How near the profile is to what was asked, nearest first.
    package enum Match: String, Sendable, Hashable, CaseIterable {
        /// The same workload on the same class of hardware.
        case sameWorkload = "same-workload"
        /// Other workloads of the model's family on the same class of hardware.
        case sameFamily = "same-family"
        /// The workload, or its family, on another class, by the ratio of the classes' speeds.
        case otherHardware = "other-hardware"
        /// Nothing like it has run: a speed that any machine has.
        case assumed
    }
}
