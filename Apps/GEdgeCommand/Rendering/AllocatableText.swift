import Contracts

/// What jobs may have of a machine, for a person.
enum AllocatableText {
    /// - Parameter reserved: the hardware threads that no job has to itself.
    static func lines(_ allocatable: Allocatable, reserved: [Int]) -> [String] {
        var rows = [
            ("CPU", "\(allocatable.milliCPUs)m"),
            ("Memory", NumberText.bytes(Int(allocatable.memory))),
            ("GPUs", "\(allocatable.gpus)"),
        ]
        if allocatable.allowsExclusive == false {
            rows.append(("Exclusive", "none, as no CPU is reserved for the system"))
        } else {
            let threads = allocatable.domains.reduce(0) { $0 + $1.threads }
            rows.append(("Exclusive", "\(threads) hardware threads; reserved: \(MachineTree.list(reserved))"))
        }
        let domains = Table(
            columns: ["NUMA node", "threads", "memory", "GPUs"],
            rows: allocatable.domains.map {
                ["\($0.numaNode)", "\($0.threads)", NumberText.bytes(Int($0.memory)), "\($0.gpus)"]
            })
        return ["Allocatable"] + rows.map { "  " + TextWidth.padded($0.0 + ":", 11) + $0.1 }
            + domains.lines().map { "  " + $0 }
    }
}
