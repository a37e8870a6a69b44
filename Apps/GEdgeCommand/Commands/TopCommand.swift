import Contracts
import Core

/// `gedge top`: how busy every machine is.
enum TopCommand {
    static let command = Command(
        "top", topic: .observation, summary: "show how busy the core and the edges are, live",
        details: """
            On a terminal the picture is drawn anew every second until Ctrl-C; with --once, and when the output is no terminal, it is
            printed once. --watch prints it again and again wherever it goes. PRESSURE is the share of the last ten seconds in which
            tasks waited for processors, memory and disks. AGE is how old the figures are; stale ones are marked. With core or
            edge/NAME it shows one machine and the history of its load.
            """,
        examples: [
            "gedge top", "gedge top --once -o json", "gedge top edge/edge-1 --for 6h", "gedge top --watch --every 5s",
        ],
        operands: [Operand(.resource(["core", "edge"]), placeholder: "core|edge/NAME", isRequired: false)],
        flags: [
            Flag("once", "print once and end"),
            Flag("watch", short: "w", "go on until interrupted, also where the output is no terminal"),
            Flag("every", .duration, "the time between two pictures (default: 1s)"),
            Flag("for", .duration, "how far the history of one machine goes back (default: 10m)"),
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)"),
        ]
    ) { invocation, context in
        if invocation.has("once"), invocation.has("watch") {
            throw CommandError.usage("flags --once and --watch exclude each other")
        }
        let daemon = try DaemonReference(invocation.operands.first)
        if daemon.job != nil { throw CommandError.usage("a job has no load of its own; name the core or edge/NAME") }
        let every = try invocation.duration("every") ?? .seconds(1)
        let span = try invocation.duration("for") ?? .seconds(600)
        guard every >= .milliseconds(100) else { throw CommandError.usage("flag --every takes at least 100ms") }
        guard span >= .seconds(10), span <= .seconds(63_072_000) else {
            throw CommandError.usage("flag --for takes 10s to 17520h, as far as the core remembers")
        }
        if invocation.operands.isEmpty, invocation.has("for") {
            throw CommandError.usage("flag --for goes with one machine: gedge top edge/NAME --for 6h")
        }
        let isJSON = try OutputFormat(invocation) == .json
        let console = context.console
        let isLive = !isJSON && console.canRedraw && !invocation.has("once")
        let repeats = isLive || invocation.has("watch")
        let name = try invocation.operands.isEmpty ? nil : daemon.edge ?? Name(PeerID.core.text)
        return try await CoreClient.with(context) { core in
            let all = TopDisplay(core: core, console: console)
            let one = name.map { TopMachineDisplay(core: core, console: console, name: $0, span: span) }
            if isLive, let one { try await one.live(every: every) }
            if isLive { try await all.live(every: every) }
            repeat {
                if isJSON, let one {
                    try console.print(try ResourceOutput.json(try await one.report(), isPretty: !repeats))
                } else if isJSON {
                    let (time, machines) = try await all.machines()
                    let reply = LoadsReply(time: time, machines: machines, hasMore: false)
                    try console.print(try ResourceOutput.json(reply, isPretty: !repeats))
                } else if let one {
                    try await one.once()
                } else {
                    try await all.once()
                }
                if repeats { try await Task.sleep(for: every) }
            } while repeats
            return .success
        }
    }
}
