import Contracts
import Core

/// `gedge doctor`: checks the machine and prints the fix.
enum DoctorCommand {
    static let command = Command(
        "doctor", topic: .local, summary: "check this machine and print what to mend",
        details: """
            Each line is ok, warn or fail, with the fix beneath. The exit code is 1 when something fails. No core need be running.
            """,
        examples: ["gedge doctor", "gedge doctor --state-dir /var/lib/gedge --port 7800"],
        flags: [
            Flag("port", .integer, "the first of the core's four ports (default: 7700)"),
            Flag(
                "output", short: "o", .choice(["table", "json"], placeholder: "FORMAT"),
                "table or json (default: table)"),
        ]
    ) { invocation, context in
        let port = try invocation.integer("port", in: 1...65_532) ?? 7700
        let core = await examineCore(context)
        let doctor = Doctor(
            machine: SystemMachine(), environment: context.environment, stateDirectory: context.stateDirectory.path,
            port: port, coreAnswers: core.level == .ok)
        let findings = doctor.examine() + [core]
        if try OutputFormat(invocation) == .json {
            try context.console.print(try ResourceOutput.json(findings, isPretty: true))
        } else {
            for line in text(findings, context.console.palette) { try context.console.print(line) }
        }
        return findings.contains { $0.level == .fail } ? .failed : .success
    }

    /// Whether a core answers; that none runs is no illness.
    private static func examineCore(_ context: Context) async -> Finding {
        let start = ContinuousClock.now
        do {
            return try await CoreClient.with(context) { core in
                let list = try await core.call(ResourceContract.get(.edge), ResourceQuery())
                let time = NumberText.span(seconds: (ContinuousClock.now - start).seconds)
                return .ok(
                    "core",
                    "answers in \(time); it knows \(list.items.count) \(list.items.count == 1 ? "edge" : "edges")")
            }
        } catch let error as CommandError where error.code == "unreachable" && error.cause == nil {
            return .warn("core", "not running here", fix: "core-cloud --config FILE")
        } catch {
            return .fail(
                "core", (error as? any ModuleError)?.message ?? String(describing: error),
                fix: "look at its log in \(context.stateDirectory.path)/logs, then restart it")
        }
    }

    static func text(_ findings: [Finding], _ palette: Palette) -> [String] {
        let width = findings.map(\.subject.count).max() ?? 0
        return findings.flatMap { finding in
            let word = TextWidth.padded(finding.level.rawValue, 4)
            let level =
                switch finding.level {
                case .ok: palette.green(word)
                case .warn: palette.yellow(word)
                case .fail: palette.red(word)
                }
            let head = "\(level)  \(TextWidth.padded(finding.subject, width))  "
            let lines = ["\(head)\(TextWidth.printable(finding.detail))"]
            guard let fix = finding.fix else { return lines }
            return lines + [String(repeating: " ", count: 6 + width + 2) + palette.bold("fix: ") + fix]
        }
    }
}
