import Foundation
import TestKit
import Testing

@testable import GEdgeCommand

/// Runs the bash script in a real bash, beside a `gedge` that knows two jobs.
struct CompletionTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try BashCompletion(table: .standard).script.write(
            toFile: directory.file("completion.bash"), atomically: true, encoding: .utf8)
        let program = """
            #!/bin/sh
            echo "$@" >> '\(directory.file("calls"))'
            case "$*" in
                *"get job -o name"*|*"get jobs -o name"*) printf 'job/digits\\njob/letters\\n' ;;
                *"get edge -o name"*) printf 'edge/edge-1\\nedge/edge-2\\n' ;;
                *) exit 4 ;;
            esac
            """
        try program.write(toFile: directory.file("gedge"), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.file("gedge"))
        try "x".write(toFile: directory.file("a file.yaml"), atomically: true, encoding: .utf8)
    }

    /// What bash offers for the last of `words`.
    private func offers(_ words: String...) async throws -> [String] {
        let array = words.map { "'\($0)'" }.joined(separator: " ")
        let script = """
            cd '\(directory.path)' && PATH='\(directory.path)':$PATH && source ./completion.bash || exit 1
            COMP_WORDS=(gedge \(array)); COMP_CWORD=\(words.count); _gedge
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let output = try await ChildProcess.run(["bash", "--norc", "-c", script])
        #expect(output.status == 0)
        // `compopt` outside of a real completion complains, and the script hides that; nothing else may.
        #expect(output.standardError == "")
        return output.standardOutput.split(separator: "\n").map(String.init)
    }

    @Test func theScriptIsValid() async throws {
        let output = try await ChildProcess.run(["bash", "-n", directory.file("completion.bash")])
        #expect(output.status == 0, "\(output.standardError)")
    }

    @Test func offersCommandsAndTheirWords() async throws {
        #expect(try await offers("d") == ["describe", "delete", "data", "doctor"])
        #expect(try await offers("token", "") == ["create"])
        #expect(try await offers("help", "wa") == ["watch", "wait"])
        #expect(try await offers("completion", "") == ["bash", "zsh"])
    }

    @Test func offersFlagsAndTheirValues() async throws {
        #expect(try await offers("get", "--o") == ["--output"])
        #expect(try await offers("get", "jobs", "-o", "") == ["table", "json", "yaml", "name"])
        #expect(try await offers("get", "jobs", "--output", "=", "j") == ["json"])
        #expect(try await offers("data", "split", "--by", "d") == ["dirichlet"])
        #expect(try await offers("apply", "-f", "a") == ["a file.yaml"])
        #expect(try await offers("wait", "job/digits", "--for", "su") == ["succeeded"])
        #expect(try await offers("wait", "job/digits", "--ti") == ["--timeout"])
    }

    @Test func offersWhatTheCoreKnows() async throws {
        #expect(try await offers("get", "") == ["jobs", "edges", "models", "syncpolicies", "datasets"])
        #expect(try await offers("describe", "j") == ["job/"])
        #expect(try await offers("describe", "job/d") == ["job/digits"])
        #expect(try await offers("get", "jobs/") == ["jobs/digits", "jobs/letters"])
        #expect(try await offers("watch", "job", "l") == ["letters"])
        #expect(try await offers("edge", "revoke", "") == ["edge-1", "edge-2"])
        #expect(try await offers("logs", "") == ["core", "edge/", "job/"])
        #expect(try await offers("report", "edge/") == [])
    }

    @Test func asksTheCoreThatTheLineNames() async throws {
        _ = try await offers("--state-dir", "/somewhere", "describe", "job/")
        let calls = try String(contentsOfFile: directory.file("calls"), encoding: .utf8)
        #expect(calls.contains("--state-dir /somewhere get job -o name"))
    }

    @Test func aCoreThatIsAwayIsNotComplainedAbout() async throws {
        #expect(try await offers("describe", "model/") == [])
    }

    static let hasZsh = (try? ChildProcess.runToEnd(["zsh", "-c", "true"]).status == 0) ?? false

    @Test(.enabled(if: hasZsh, "needs zsh"))
    func theScriptForZshIsValid() async throws {
        let path = directory.file("_gedge")
        try ZshCompletion(table: .standard).script.write(toFile: path, atomically: true, encoding: .utf8)
        let parsed = try await ChildProcess.run(["zsh", "-n", path])
        #expect(parsed.status == 0, "\(parsed.standardError)")
        let program = """
            autoload -Uz compinit && compinit -u -D && source '\(path)' && print $_comps[gedge]
            """
        let loaded = try await ChildProcess.run(["zsh", "-f", "-c", program])
        #expect(loaded.standardOutput == "_gedge\n", "\(loaded.standardError)")
    }

    @Test func theScriptForZshNamesEveryCommandAndFlag() {
        let script = ZshCompletion(table: .standard).script
        for command in CommandTable.standard.commands {
            #expect(script.contains((["_gedge"] + command.path).joined(separator: "_") + "() {"), "\(command.name)")
            for flag in command.flags { #expect(script.contains("--\(flag.name)"), "\(command.name) --\(flag.name)") }
        }
    }
}
