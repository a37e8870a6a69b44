import Core
import Testing

@Suite struct FlagParserTests {
    private let parser = FlagParser(
        program: "edge-cloud", summary: "Trains at the edge.",
        flags: [
            FlagDescription("config", short: "c", .file, help: "the configuration file"),
            FlagDescription("verbose", short: "v", .boolean, help: "say more"),
            FlagDescription("data", .value(placeholder: "NAME=PATH"), isRepeated: true, help: "a data set"),
            FlagDescription("output", .choice(["json", "yaml"]), help: "how to print", defaultText: "json"),
            FlagDescription(
                "core", .value(placeholder: "ADDRESS"), help: "where the core is", environmentName: "GEDGE_EDGE_CORE"),
        ], operands: ["NAME"])

    private func problem(_ arguments: String...) -> String? {
        #expect(throws: ConfigurationError.self) { try parser.parse(arguments) }?.message
    }

    @Test func allFormsOfAFlag() throws {
        for arguments in [
            ["--config", "f", "n"], ["--config=f", "n"], ["-c", "f", "n"], ["-cf", "n"], ["-c=f", "n"],
            ["n", "--config", "f"],
        ] {
            let values = try parser.parse(arguments)
            #expect(values.text("config") == "f")
            #expect(values.operands == ["n"])
        }
    }

    @Test func booleansListsAndOperands() throws {
        let values = try parser.parse(["-v", "--data", "a=1", "--data=b=2", "--", "--config"])
        #expect(values.isSet("verbose"))
        #expect(values.texts("data") == ["a=1", "b=2"])
        #expect(values.operands == ["--config"])
        #expect(values.text("config") == nil)
        #expect(try !parser.parse(["--verbose=false", "n"]).isSet("verbose"))
        #expect(try parser.parse(["--data", "-1", "-"]).operands == ["-"])
    }

    @Test func typedValues() throws {
        let values = try parser.parse(["--core", "90s", "n"])
        #expect(try values.duration("core") == .seconds(90))
        #expect(try values.duration("config") == nil)
        let error = #expect(throws: ConfigurationError.self) { try values.integer("core") }
        #expect(error?.message == "flag --core: the value must be a whole number, but is the text '90s'")
        #expect(try parser.parse(["--core", "7", "n"]).integer("core") == 7)
        #expect(try parser.parse(["--core", "7.5", "n"]).number("core") == 7.5)
        #expect(try parser.parse(["--core", "2KiB", "n"]).byteCount("core") == ByteCount(2048))
    }

    @Test func helpNeedsNoOperands() throws {
        #expect(try parser.parse(["--help"]).isHelpRequested)
        #expect(try parser.parse(["-h"]).isHelpRequested)
    }

    @Test func mistakes() {
        #expect(problem("--confg", "f", "n") == "unknown flag '--confg'; did you mean '--config'?")
        #expect(problem("--zebra", "n") == "unknown flag '--zebra'; see edge-cloud --help")
        #expect(problem("-x", "n") == "unknown flag '-x'; see edge-cloud --help")
        #expect(problem("--config") == "flag --config: needs a value: --config FILE")
        #expect(problem("--config", "--verbose", "n") == "flag --config: needs a value: --config FILE")
        #expect(problem("--config=a", "--config=b", "n") == "flag --config: is given twice")
        #expect(problem("--verbose=1", "n") == "flag --verbose: must be true or false, but is '1'")
        #expect(problem("--output", "xml", "n") == "flag --output: must be one of json, yaml, but is 'xml'")
        #expect(problem() == "NAME is missing; see edge-cloud --help")
        #expect(problem("a", "b") == "unexpected word 'b'; see edge-cloud --help")
    }

    @Test func usage() {
        #expect(
            parser.usageText == """
                Trains at the edge.

                Usage: edge-cloud NAME [flags]

                Flags:
                  -c, --config FILE       the configuration file
                  -v, --verbose           say more
                      --data NAME=PATH    a data set
                      --output json|yaml  how to print
                                          (default: json)
                      --core ADDRESS      where the core is
                                          (environment: GEDGE_EDGE_CORE)
                  -h, --help              show this text

                """)
    }
}
