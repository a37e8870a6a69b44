/// An amount of each resource that a worker takes and a NUMA domain has: CPUs, GB of memory, GPUs.
package struct Resources: Sendable, Hashable {
    package var cpus: Double
    package var memory: Double
    package var gpus: Double

    package init(cpus: Double = 0, memory: Double = 0, gpus: Double = 0) {
        self.cpus = cpus
        self.memory = memory
        self.gpus = gpus
    }

    /// What rounding may hide when amounts that are no whole numbers are added and taken away.
    static let tolerance = 1e-9

    /// Whether `other` can be taken from this.
    @inline(__always)
    func holds(_ other: Resources) -> Bool {
        cpus + Self.tolerance >= other.cpus && memory + Self.tolerance >= other.memory
            && gpus + Self.tolerance >= other.gpus
    }

    @inline(__always)
    static func += (left: inout Resources, right: Resources) {
        left.cpus += right.cpus
        left.memory += right.memory
        left.gpus += right.gpus
    }

    @inline(__always)
    static func -= (left: inout Resources, right: Resources) {
        left.cpus -= right.cpus
        left.memory -= right.memory
        left.gpus -= right.gpus
    }
}
