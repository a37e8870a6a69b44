import Contracts
import Core
import DaemonKit
import DataSync
import FedLearn
import FoundationEssentials
public import MessageBus
import Store
import Telemetry
import Topology

/// An edge cloud: which service listens where.
public struct EdgeCloud: Sendable {
    private let configuration: EdgeConfiguration
    private let directory: String
    private let token: JoinToken?

    /// - Parameters:
    ///   - directory: what relative paths in the configuration start from.
    ///   - token: to enrol with, the first time.
    public init(configuration: EdgeConfiguration, relativeTo directory: String, token: JoinToken?) {
        self.configuration = configuration
        self.directory = directory
        self.token = token
    }

    /// Runs until `stop` returns or a service fails. A core that is away is waited for.
    public func run(until stop: @escaping @Sendable () async throws -> Void) async throws {
        // Addresses and settings are checked before anything is created.
        let commandAddress = try Self.commandAddress(in: configuration.stateDirectory)
        try configuration.validate()
        let state = try StateDirectory(configuration.stateDirectory)
        let log = try DaemonLog(state: state, label: "edge-cloud", settings: configuration.log)
        let metrics = MetricsRegistry()
        let datasets = LocalDatasets(try configuration.datasets.sources(relativeTo: directory))
        let own = try await datasets.summaries()
        let summaries = own + configuration.trainers.summaries(besides: own)
        let keys = try KeyFile("\(state.subdirectory("keys"))/edge.key").loadOrCreate()
        let signingKey = try SigningKeyFile("\(state.subdirectory("keys"))/signing.key").loadOrCreate()
        let address = try BusAddress(configuration.core)
        let identity = try await EdgeIdentity.establish(
            in: state, keys: keys, core: address, token: token, proposedName: try proposedName(), logger: log.logger)
        let logger = log.logger.with(["edge": identity.name.text])
        let database = try await Database.open(
            path: state.file("edge.db"),
            migrations: [DataSyncService.migrations, PolicyGate.migrations, .fedLearnParticipant], logger: logger)
        var settings = BusConfiguration(identity: PeerID(identity.name))
        settings.software = "edge-cloud/\(Version.current)"
        let bus = Bus(configuration: settings, logger: logger, metrics: metrics)

        let machine = try await EdgeMachine.look(reserving: configuration.reserved, logger: logger)
        let agent = TopologyAgent(
            bus: bus, directory: state.path, interval: .seconds(configuration.reportSeconds), datasets: summaries,
            labels: configuration.labels, taints: configuration.taints, link: configuration.link.report,
            version: Version.current,
            machine: machine?.machine, allocatable: machine?.allocatable, logger: logger)
        let allocations = machine.map { AllocationService(bus: bus, allocations: $0.allocations, logger: logger) }
        let gate = try await PolicyGate(
            cloud: PeerID(identity.name), local: configuration.sync, database: database,
            link: TransferLinkMeter(bus: bus, logger: logger), logger: logger, metrics: metrics)
        let policies = SyncPolicyAgent(bus: bus, gate: gate, logger: logger)
        let exchange = try PeerExchange(
            identity: PeerID(identity.name), listen: try configuration.listenAddress,
            advertise: configuration.advertise.isEmpty ? nil : configuration.advertise, security: .curve(keys),
            logger: logger)
        let dataSync = try await DataSyncService(
            bus: bus, store: database, directory: try state.subdirectory("shards"),
            configuration: configuration.dataSync, policy: gate, part: .edge(exchange), signingKey: signingKey,
            logger: logger, metrics: metrics)
        let retention = RetentionKeeper(bus: bus, dataSync: dataSync, gate: gate, logger: logger)
        let desk = TrainerDesk(edge: identity.name, logger: logger)
        let participant = FedLearnParticipant(
            bus: bus, edge: identity.name, database: database, datasets: datasets, trainers: desk, logger: logger,
            releaseMemory: FreeMemory.release)
        policies.register()
        dataSync.register()
        participant.register()
        allocations?.register()
        NetTestResponder.register(on: bus)
        TelemetryService(log: log, metrics: metrics, bus: bus).registerOnEdge()

        _ = try state.subdirectory("run")
        try bus.listen(commandAddress, security: .none)
        try desk.listen(at: try BusAddress(StatePath.trainerAddress(in: state.path)))
        try bus.connect(address, as: .core, security: .curve(client: keys, serverKey: identity.coreKey))
        logger.notice(
            "ready",
            ["core": address.description, "state": state.path, "signer": signingKey.verifyingKey.hexadecimal])
        var services: [(name: String, body: @Sendable () async throws -> Void)] = [
            ("bus", { try await bus.run() }), ("topology", { try await agent.run() }),
            ("datasync", { try await dataSync.run() }), ("retention", { try await retention.run() }),
            ("syncpolicy", { try await policies.run() }), ("fedlearn", { try await participant.run() }),
            ("trainers", { try await desk.run() }),
            ("memory", { try await StartupCode.keepReleased() }),
        ]
        if let allocations { services.append(("allocation", { try await allocations.run() })) }
        for trainer in configuration.trainers {
            guard let command = trainer.command else { continue }
            let process = TrainerProcess(settings: trainer, command: command, state: state.path, logger: logger)
            services.append(("trainer \(trainer.name)", { await process.run() }))
        }
        try await Services(logger: logger).run(
            services,
            until: {
                try await stop()
                await agent.leave()
            })
        await database.close()
        logger.notice("stopped")
    }

    /// Where the command line of this machine finds the edge, with or without a core.
    /// - Throws: `DaemonError` `invalid` for a directory below which there can be no socket.
    private static func commandAddress(in directory: String) throws -> BusAddress {
        let path = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        do { return try BusAddress(StatePath.edgeCommandAddress(in: path)) } catch {
            throw DaemonError(
                "invalid", "stateDirectory '\(directory.prefix(200))' cannot hold the socket for commands", cause: error
            )
        }
    }

    /// The configured name, or one made of the host's.
    private func proposedName() throws -> Name? {
        if !configuration.name.isEmpty { return try Name(configuration.name) }
        let host = ProcessInfo.processInfo.hostName.lowercased().prefix { $0 != "." }
        return try? Name(String(host))  // A host name that is no name leaves the choice to the token.
    }
}
