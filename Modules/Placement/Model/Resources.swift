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

    /// Takes from `other` whatever it has more of.
    mutating func raise(to other: Resources) {
        cpus = max(cpus, other.cpus)
        memory = max(memory, other.memory)
        gpus = max(gpus, other.gpus)
    }

    /// What `free` has too little of for this.
    func missing(in free: Resources) -> Resources {
        Resources(
            cpus: max(0, cpus - free.cpus), memory: max(0, memory - free.memory), gpus: max(0, gpus - free.gpus))
    }

    /// CPUs, GB and GPUs added up: an order of amounts, for want of a better one.
    var sum: Double { cpus + memory + gpus }
}
