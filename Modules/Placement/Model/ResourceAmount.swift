import Contracts
import Core

/// What a worker takes of an edge, and what an edge has: whole numbers, so that nothing is lost in adding up.
struct ResourceAmount: Codable, Sendable, Hashable {
    /// Thousandths of a hardware thread.
    var milliCPUs = 0
    /// Bytes.
    var memory: Int64 = 0
    var gpus = 0

    static func += (left: inout ResourceAmount, right: ResourceAmount) {
        left.milliCPUs += right.milliCPUs
        left.memory += right.memory
        left.gpus += right.gpus
    }

    static func -= (left: inout ResourceAmount, right: ResourceAmount) {
        left.milliCPUs -= right.milliCPUs
        left.memory -= right.memory
        left.gpus -= right.gpus
    }

    static func - (left: ResourceAmount, right: ResourceAmount) -> ResourceAmount {
        var rest = left
        rest -= right
        return rest
    }

    /// What is more than any machine has stays that.
    static func * (amount: ResourceAmount, count: Int) -> ResourceAmount {
        func times<Number: FixedWidthInteger>(_ number: Number) -> Number {
            let (product, overflow) = number.multipliedReportingOverflow(by: Number(count))
            return overflow ? (number > 0) == (count > 0) ? .max : .min : product
        }
        return ResourceAmount(
            milliCPUs: times(amount.milliCPUs), memory: times(amount.memory), gpus: times(amount.gpus))
    }

    /// What `demand` lacks here, in words, such as `lacks 1500m of 2 CPUs`; empty when it fits.
    /// - Parameter owner: whose it is, such as `edge-1`, for amounts that are all there is.
    func shortages(for demand: ResourceAmount) -> [String] {
        var words: [String] = []
        if demand.milliCPUs > 0, milliCPUs < demand.milliCPUs {
            let missing = CPUQuantity(milliCPUs: demand.milliCPUs - milliCPUs)
            words.append("\(missing) of \(CPUQuantity(milliCPUs: demand.milliCPUs)) CPUs")
        }
        if demand.memory > 0, memory < demand.memory {
            words.append("\(ByteCount(Int(demand.memory - memory))) of \(ByteCount(Int(demand.memory))) of memory")
        }
        if demand.gpus > 0, gpus < demand.gpus { words.append("\(demand.gpus - gpus) of \(demand.gpus) GPUs") }
        return words
    }

    /// Whether `demand` can be taken from this. What is not asked for is not looked at.
    func holds(_ demand: ResourceAmount) -> Bool {
        (demand.milliCPUs == 0 || milliCPUs >= demand.milliCPUs) && (demand.memory == 0 || memory >= demand.memory)
            && (demand.gpus == 0 || gpus >= demand.gpus)
    }
}

extension Site {
    /// What jobs may have of the edge in all.
    var capacity: ResourceAmount {
        guard let allocatable = report.allocatable else {
            return ResourceAmount(
                milliCPUs: report.hardware.threads * 1000, memory: report.hardware.memory,
                gpus: report.machine?.devices.count { $0.kind == .gpu } ?? 0)
        }
        return ResourceAmount(
            milliCPUs: allocatable.milliCPUs, memory: allocatable.memory, gpus: allocatable.gpus)
    }

    /// Whole hardware threads that can belong to one job alone.
    var exclusiveThreads: Int {
        // Where the system has no thread of its own, no job can have one.
        guard let allocatable = report.allocatable, allocatable.allowsExclusive == true else { return 0 }
        return allocatable.domains.reduce(0) { $0 + $1.threads }
    }
}

extension PlacementRequest {
    /// A quarter of a hardware thread: a training round is a burst between transfers, and several jobs share an edge.
    private static let usualCPUs = CPUQuantity(milliCPUs: 250)

    /// What one worker takes.
    var demand: ResourceAmount {
        let resources = spec.resources ?? ResourceSpec()
        return ResourceAmount(
            milliCPUs: (resources.cpus ?? Self.usualCPUs).milliCPUs,
            memory: resources.memory.map { Int64($0.bytes) } ?? memory,
            gpus: resources.gpus ?? 0)
    }

    var isExclusive: Bool { spec.resources?.exclusive ?? false }
    var priority: Int { spec.priority ?? 0 }
    var policy: PlacementPolicy { spec.policy ?? .fastest }
}
