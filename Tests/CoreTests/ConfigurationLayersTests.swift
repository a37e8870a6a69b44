import Core
import Testing

@Suite struct ConfigurationLayersTests {
    struct Settings: Codable, Sendable, Equatable {
        struct Limits: Codable, Sendable, Equatable {
            var maximumEdges = 100
            var frameBytes = ByteCount(1 << 20)
        }
        enum Level: String, Codable, CaseIterable, Sendable { case info, debug }

        var listen = "127.0.0.1:7700"
        var coreURL: String?
        var isOpen = false
        var level = Level.info
        var lease = Duration.seconds(5)
        var rates: [Double] = [0.5]
        var limits = Limits()
        var datasets: [String: String] = [:]
    }

    private let layers: ConfigurationLayers<Settings>

    init() throws {
        layers = try ConfigurationLayers(
            defaults: Settings(), environmentPrefix: "GEDGE_CORE", otherVariables: ["GEDGE_CORE_CONFIG"])
    }

    private func node(_ members: [String: SourceNode.Content], line: Int = 3) -> SourceNode {
        let location = SourceLocation(source: "core.yaml", line: line, column: 1)
        return SourceNode(
            .mapping(
                members.sorted { $0.key < $1.key }
                    .map { SourceEntry(key: $0.key, at: location, value: SourceNode($0.value, at: location)) }),
            at: location)
    }

    private func plain(_ text: String) -> SourceNode.Content { .scalar(SourceScalar(text, style: .plain)) }

    private func flags(_ arguments: String...) throws -> FlagValues {
        try FlagParser(program: "core-cloud", summary: "", flags: layers.flags()).parse(arguments)
    }

    private func problem(
        file: SourceNode? = nil, environment: [String: String] = [:], flags: FlagValues? = nil
    ) -> String? {
        #expect(throws: ConfigurationError.self) {
            try layers.resolve(file: file, environment: environment, flags: flags)
        }?.message
    }

    @Test func everySettingHasANameInEveryLayer() {
        #expect(
            layers.keys.map(\.dottedPath) == [
                "listen", "coreURL", "isOpen", "level", "lease", "rates", "limits.maximumEdges", "limits.frameBytes",
            ])
        #expect(
            layers.keys.map(\.environmentName) == [
                "GEDGE_CORE_LISTEN", "GEDGE_CORE_CORE_URL", "GEDGE_CORE_IS_OPEN", "GEDGE_CORE_LEVEL",
                "GEDGE_CORE_LEASE",
                "GEDGE_CORE_RATES", "GEDGE_CORE_LIMITS_MAXIMUM_EDGES", "GEDGE_CORE_LIMITS_FRAME_BYTES",
            ])
        #expect(layers.keys.map(\.flagName).suffix(2) == ["limits-maximum-edges", "limits-frame-bytes"])
        #expect(
            layers.keys.map(\.defaultText) == ["127.0.0.1:7700", nil, "false", "info", "5s", "0.5", "100", "1MiB"])
    }

    @Test func defaultsAlone() throws {
        #expect(try layers.resolve() == Settings())
        #expect(
            try layers.resolve(environment: ["PATH": "/bin", "GEDGE_CORE_CONFIG": "f", "GEDGE_COREX": "1"])
                == Settings())
    }

    @Test func laterLayersOverrideEarlierOnes() throws {
        let file = node([
            "listen": plain("file"), "lease": plain("1m"),
            "limits": .mapping([
                SourceEntry(
                    key: "maximumEdges", at: SourceLocation(source: "core.yaml"),
                    value: SourceNode(plain("7"), at: SourceLocation(source: "core.yaml")))
            ]),
            "datasets": node(["digits": plain("digits.csv")]).content,
        ])
        var expected = Settings()
        expected.listen = "file"
        expected.lease = .seconds(60)
        expected.limits.maximumEdges = 7
        expected.datasets = ["digits": "digits.csv"]
        #expect(try layers.resolve(file: file) == expected)

        let environment = [
            "GEDGE_CORE_LISTEN": "environment", "GEDGE_CORE_IS_OPEN": "true", "GEDGE_CORE_RATES": "1, 2.5",
            "GEDGE_CORE_LIMITS_FRAME_BYTES": "64KiB",
        ]
        expected.listen = "environment"
        expected.isOpen = true
        expected.rates = [1, 2.5]
        expected.limits.frameBytes = ByteCount(64 << 10)
        #expect(try layers.resolve(file: file, environment: environment) == expected)

        let flags = try flags(
            "--listen=flag", "--is-open=false", "--rates", "3", "--rates=4", "--core-url", "x", "--level", "debug")
        expected.listen = "flag"
        expected.isOpen = false
        expected.rates = [3, 4]
        expected.coreURL = "x"
        expected.level = .debug
        #expect(try layers.resolve(file: file, environment: environment, flags: flags) == expected)
    }

    @Test func aSectionWithoutFieldsChangesNothing() throws {
        #expect(try layers.resolve(file: node(["limits": plain("")])) == Settings())
    }

    @Test func whatNobodyKnowsIsRefusedWithItsPlace() throws {
        #expect(
            problem(file: node(["listn": plain("x")]))
                == "core.yaml:3:1: unknown field 'listn'; did you mean 'listen'?")
        #expect(
            problem(environment: ["GEDGE_CORE_LISTN": "x"])
                == "environment variable GEDGE_CORE_LISTN: no such setting; did you mean 'GEDGE_CORE_LISTEN'?")
        let error = #expect(throws: ConfigurationError.self) { try flags("--listn", "x") }
        #expect(error?.message == "unknown flag '--listn'; did you mean '--listen'?")
        #expect(error?.code == "unknown-flag")
    }

    @Test func wrongValuesAreRefusedWithTheirPlace() throws {
        #expect(
            problem(file: node(["lease": plain("soon")]))
                == "core.yaml:3:1: 'lease' must be a duration such as 30s, 5m or 1h30m, but is the text 'soon'")
        #expect(
            problem(environment: ["GEDGE_CORE_LIMITS_MAXIMUM_EDGES": "many"])
                == "environment variable GEDGE_CORE_LIMITS_MAXIMUM_EDGES: 'limits.maximumEdges' must be a whole number, "
                + "but is the text 'many'")
        #expect(
            problem(flags: try flags("--level", "loud"))
                == "flag --level: 'level' is 'loud', but must be one of info, debug")
        #expect(
            problem(flags: try flags("--limits-frame-bytes", "64 parsecs"))
                == "flag --limits-frame-bytes: 'limits.frameBytes': a size must be a number of bytes such as 4096, 64MiB "
                + "or 1.5GB")
        #expect(
            problem(file: node(["limits": plain("5")]))
                == "core.yaml:3:1: 'limits' must be a group of fields, but is the number 5")
        #expect(
            problem(environment: ["GEDGE_CORE_IS_OPEN": "yes"])
                == "environment variable GEDGE_CORE_IS_OPEN: 'isOpen' must be true or false, but is the text 'yes'")
    }
}
