import Contracts
import Core
import DaemonKit
import DataSync
import FedLearn
import FoundationEssentials
import MessageBus
import Placement
import Store
import Telemetry
import Topology

/// The core cloud: which service listens where.
public struct CoreCloud: Sendable {
    private let configuration: CoreConfiguration
    private let directory: String

    /// - Parameter directory: what relative paths in the configuration start from.
    public init(configuration: CoreConfiguration, relativeTo directory: String) {
        self.configuration = configuration
        self.directory = directory
    }

    /// Runs until `stop` returns or a service fails.
    public func run(until stop: @escaping @Sendable () async throws -> Void) async throws {
        try configuration.validate()
        try configuration.archive.validate(relativeTo: directory)
        // Addresses are checked before anything is created.
        let address = try BusAddress(configuration.listen)
        let commandAddress = try Self.commandAddress(in: configuration.stateDirectory)
        let state = try StateDirectory(configuration.stateDirectory)
        let log = try DaemonLog(state: state, label: "core-cloud", settings: configuration.log)
        let logger = log.logger
        let metrics = MetricsRegistry()
        let datasets = LocalDatasets(try configuration.datasets.sources(relativeTo: directory))
        _ = try await datasets.summaries()
        let keys = try KeyFile("\(state.subdirectory("keys"))/core.key").loadOrCreate()
        let signingKey = try SigningKeyFile("\(state.subdirectory("keys"))/signing.key").loadOrCreate()
        let database = try await Database.open(
            path: state.file("core.db"),
            migrations: [
                .topology, DataSyncService.migrations, ShardArchive.migrations, PolicyGate.migrations,
                .fedLearnCoordinator, .placementReservations, .placement,
            ],
            logger: logger)
        var settings = BusConfiguration(identity: .core)
        settings.software = "core-cloud/\(Version.current)"
        let bus = Bus(configuration: settings, logger: logger, metrics: metrics)

        let topology = try await TopologyService(
            bus: bus, database: database, directory: state.path, lease: .seconds(configuration.leaseSeconds),
            logger: logger, metrics: metrics)
        let enrolment = try await EnrolmentService(database: database, serverKey: keys.publicKey, logger: logger)
        let gate = try await PolicyGate(
            cloud: .core, local: nil, database: database, link: TransferLinkMeter(bus: bus, logger: logger),
            logger: logger, metrics: metrics)
        let policies = try await SyncPolicyService(bus: bus, gate: gate, logger: logger)
        var transfers = DataSyncConfiguration()
        transfers.cacheBytes = configuration.cache.bytes.bytes
        transfers.scrub = configuration.scrub
        transfers.mends = true
        let dataSync = try await DataSyncService(
            bus: bus, store: database, directory: try state.subdirectory("shards"), configuration: transfers,
            policy: gate, part: .core(keys: EnrolledEdges(enrolment: enrolment)), signingKey: signingKey,
            logger: logger, metrics: metrics)
        let retention = RetentionKeeper(
            bus: bus, dataSync: dataSync, gate: gate, policies: policies, logger: logger)
        let archive = try configuration.archive.service(
            for: dataSync, relativeTo: directory, logger: logger, metrics: metrics)
        let fedLearn = try await FedLearnCoordinator(
            bus: bus, database: database, datasets: datasets,
            aggregationMemory: Int(configuration.aggregationBytes.bytes), logger: logger, metrics: metrics,
            releaseMemory: FreeMemory.release)
        let placement = try await PlacementService(
            bus: bus, database: database, settings: configuration.placement,
            rules: try rules(), logger: logger)
        topology.register()
        enrolment.register(on: bus, topology: topology)
        placement.register()
        policies.register()
        dataSync.register()
        fedLearn.register()
        if let archive { archive.register(on: bus) } else { ArchiveService.registerNone(on: bus) }
        TelemetryService(log: log, metrics: metrics, bus: bus).registerOnCore()

        try bus.listen(address, security: .curve(serverKeys: keys, directory: enrolment))
        _ = try state.subdirectory("run")
        try bus.listen(commandAddress, security: .none)
        logger.notice(
            "ready",
            [
                "listen": address.description, "state": state.path, "key": keys.publicKey.z85,
                "signer": signingKey.verifyingKey.hexadecimal,
            ])
        var services: [(name: String, body: @Sendable () async throws -> Void)] = [
            ("bus", { try await bus.run() }), ("topology", { try await topology.run() }),
            ("placement", { try await placement.run() }),
            ("datasync", { try await dataSync.run() }), ("fedlearn", { try await fedLearn.run() }),
            ("retention", { try await retention.run() }),
            ("memory", { try await StartupCode.keepReleased() }),
        ]
        if let archive { services.append(("archive", { try await archive.run() })) }
        try await Services(logger: logger).run(services, until: stop)
        await database.close()
        logger.notice("stopped")
    }

    /// An operator's own rules for training types.
    private func rules() throws -> [UInt8]? {
        let file = configuration.placement.rules
        guard !file.isEmpty else { return nil }
        let path = file.hasPrefix("/") ? file : "\(directory)/\(file)"
        let bytes: [UInt8]
        do { bytes = try [UInt8](Data(contentsOf: URL(filePath: path))) } catch {
            throw DaemonError("invalid", "placement.rules names \(path), which cannot be read")
        }
        do { _ = try TrainingTypeRules(json: bytes) } catch {
            throw DaemonError("invalid", "placement.rules names \(path), which holds no rules: \(error.message)")
        }
        return bytes
    }

    /// Where the command line of this machine finds the core.
    /// - Throws: `DaemonError` `invalid` for a directory below which there can be no socket.
    private static func commandAddress(in directory: String) throws -> BusAddress {
        let path = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        do { return try BusAddress(StatePath.commandAddress(in: path)) } catch {
            throw DaemonError(
                "invalid", "stateDirectory '\(directory.prefix(200))' cannot hold the socket for commands", cause: error
            )
        }
    }
}
