import Core
import Testing

@testable import GEdgeCommand

struct CommandLineParserTests {
    private let parser = CommandLineParser(table: .standard)

    private func invocation(_ line: String) throws -> Invocation {
        guard case .run(let invocation) = try parser.parse(line.split(separator: " ").map(String.init)) else {
            throw CommandError.failed("'\(line)' is not a command to run")
        }
        return invocation
    }

    private func complaint(_ line: String) throws -> String {
        let error = #expect(throws: CommandError.self) { _ = try invocation(line) }
        let known = try #require(error)
        #expect(ExitCode(known) == .usage)
        return known.message
    }

    @Test(arguments: [
        "get job/digits -o json --state-dir /s", "get -o json job/digits --state-dir=/s",
        "--state-dir /s get -ojson job/digits",
        "get --output=json --state-dir /s -- job/digits",
    ])
    func flagsStandAnywhere(line: String) throws {
        let found = try invocation(line)
        #expect(found.command.name == "get")
        #expect(found.operands == ["job/digits"])
        #expect(found.text("output") == "json")
        #expect(found.text("state-dir") == "/s")
    }

    @Test func findsCommandsOfTwoWords() throws {
        let found = try invocation("token create --edge edge-1 --lifetime 1h30m")
        #expect(found.command.path == ["token", "create"])
        #expect(try found.duration("lifetime") == .seconds(5400))
    }

    @Test func takesAFlagOftenOnlyWhereItMakesSense() throws {
        #expect(try invocation("apply -f a.yaml -f b.yaml").texts("file") == ["a.yaml", "b.yaml"])
        #expect(try complaint("get jobs -o json -o yaml").contains("--output is given twice"))
    }

    @Test func takesAMinusAsAValueAndAWord() throws {
        #expect(try invocation("apply -f -").texts("file") == ["-"])
        #expect(try invocation("data split --alpha -1").text("alpha") == "-1")
    }

    @Test(arguments: [
        ("aply -f x", "unknown command 'aply'; did you mean 'apply'?"),
        ("token craete", "unknown command 'token craete'; did you mean 'token create'?"),
        ("get jobs --ouput json", "unknown flag --ouput of 'gedge get'; did you mean '--output'?"),
        ("get jobs -o jsn", "flag --output takes one of table, json, yaml, name, not 'jsn'; did you mean 'json'?"),
        ("get jobs -x", "unknown flag -x of 'gedge get'"),
        ("token", "'gedge token' needs one of: create"),
        ("describe", "'gedge describe' needs KIND/NAME: gedge describe KIND/NAME [NAME]"),
        ("explain job.spec extra", "'extra' is one word too many: gedge explain KIND[.PATH]|placement[/JOB] [flags]"),
        ("get jobs --watch=yes", "flag --watch takes no value"),
        ("logs --tail", "flag --tail needs a value: --tail N"),
        ("", "no command given"),
    ])
    func saysWhatIsWrong(line: String, message: String) throws {
        #expect(try complaint(line) == message)
    }

    @Test func refusesNumbersAndTimesThatAreNone() throws {
        let wrong = try invocation("wait job/a --timeout soon")
        #expect(throws: CommandError.self) { try wrong.duration("timeout") }
        let many = try invocation("data split --parts many")
        let error = #expect(throws: CommandError.self) { try many.integer("parts", in: 1...9) }
        #expect(error?.message == "flag --parts takes a whole number from 1 to 9, not 'many'")
    }

    @Test func asksForHelpAnywhere() throws {
        for line in [["get", "--help"], ["-h", "get"], ["get", "jobs", "-h"]] {
            guard case .help(let path) = try parser.parse(line) else {
                Issue.record("\(line) asked for help")
                continue
            }
            #expect(path == ["get"])
        }
    }

    @Test func everyCommandHasWordsAPersonCanUse() {
        for command in CommandTable.standard.commands {
            #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."), "\(command.name)")
            let names = command.flags.map(\.name) + CommandTable.globalFlags.map(\.name)
            #expect(Set(names).count == names.count, "\(command.name) has a flag twice")
            let letters = (command.flags + CommandTable.globalFlags).compactMap(\.short)
            #expect(Set(letters).count == letters.count, "\(command.name) has a letter twice")
            for example in command.examples {
                let words = example.split(separator: "|")[0].split(separator: "<")[0].split(separator: " ").map(
                    String.init)
                #expect(throws: Never.self, "\(example)") { try parser.parse(Array(words.dropFirst())) }
            }
        }
    }
}
