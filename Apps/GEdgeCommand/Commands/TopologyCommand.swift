import Contracts
import Core
import Topology

/// `gedge topology`: the inside of a machine, for which no core is needed.
enum TopologyCommand {
    private static let reservationFlags = [
        Flag("reserved-cpu", .text(placeholder: "AMOUNT"), "hardware threads kept for the system, such as 500m"),
        Flag("reserved-memory", .text(placeholder: "AMOUNT"), "memory kept for the system, such as 512MiB"),
        Flag(
            "output", short: "o", .choice(["table", "json", "yaml"], placeholder: "FORMAT"),
            "table, json or yaml (default: table)"),
    ]

    static let show = Command(
        "topology", "show", topic: .local, summary: "show the inside of this machine",
        details: """
            Shows what this process may use of the machine, within its control group and its affinity: packages, NUMA nodes, caches, cores
            with the numbers of their hardware threads, and devices at the NUMA node they hang at.
            """,
        examples: ["gedge topology show", "gedge topology show --reserved-cpu 500m -o json"],
        flags: reservationFlags
    ) { invocation, context in
        try write(try MachineDiscovery.thisMachine(), invocation, context)
        return .success
    }

    static let importFile = Command(
        "topology", "import", topic: .local, summary: "show the inside of a machine that a file describes",
        details: """
            Reads what hwloc's 'lstopo --of xml' wrote on some machine ('-' is standard input), or makes a machine of a description
            such as 'pack:2 numa:2 core:4 pu:2'.
            """,
        examples: [
            "gedge topology import machine.xml", "gedge topology import - -o json",
            "gedge topology import --synthetic pack:2 --reserved-cpu 500m",
        ],
        operands: [Operand(.file, isRequired: false)],
        flags: [
            Flag("synthetic", .text(placeholder: "TEXT"), "a machine in hwloc's words, in place of a file")
        ] + reservationFlags
    ) { invocation, context in
        try write(try machine(invocation, context), invocation, context)
        return .success
    }

    private static func machine(_ invocation: Invocation, _ context: Context) throws -> Contracts.Machine {
        switch (invocation.operands.first, invocation.text("synthetic")) {
        case (let path?, nil):
            let limit = MachineDiscovery.sizeLimit
            let bytes =
                path == "-"
                ? try context.host.standardInput(limit: limit) : try FileText.read(path, limit: limit)
            do { return try MachineDiscovery.machine(xml: bytes) } catch {
                throw CommandError(error.code, "cannot use \(path == "-" ? "standard input" : path)", cause: error)
            }
        case (nil, let text?): return try MachineDiscovery.machine(synthetic: text)
        default: throw CommandError.usage("name a FILE, or give --synthetic TEXT")
        }
    }

    /// A machine and what jobs may have of it.
    private struct Report: Encodable {
        let machine: Contracts.Machine
        let allocatable: Allocatable
    }

    private static func write(_ machine: Contracts.Machine, _ invocation: Invocation, _ context: Context) throws {
        let output = ValueOutput(format: try OutputFormat(invocation), console: context.console)
        let isUnicode = context.console.palette.isUnicode
        guard invocation.has("reserved-cpu") || invocation.has("reserved-memory") else {
            try output.write(machine, names: []) { MachineTree.lines(machine, isUnicode: isUnicode) }
            return
        }
        let settings = ReservedSettings(
            cpu: try amount("reserved-cpu", "500m or 2", invocation, Quantity.init) ?? .zero,
            memory: try amount("reserved-memory", "512MiB", invocation, ByteCount.init) ?? ByteCount(0))
        let reservation = try Reservation(settings, of: machine)
        let allocatable = reservation.allocatable(of: machine)
        try output.write(Report(machine: machine, allocatable: allocatable), names: []) {
            MachineTree.lines(machine, isUnicode: isUnicode) + [""]
                + AllocatableText.lines(allocatable, reserved: reservation.threads)
        }
    }

    private static func amount<Amount>(
        _ flag: String, _ example: String, _ invocation: Invocation, _ read: (String) -> Amount?
    ) throws -> Amount? {
        guard let text = invocation.text(flag) else { return nil }
        guard let amount = read(text) else {
            throw CommandError.usage("flag --\(flag) takes an amount such as \(example), not '\(text)'")
        }
        return amount
    }
}
