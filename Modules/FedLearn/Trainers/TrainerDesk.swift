public import Contracts
public import Core
public import MessageBus
public import Telemetry
public import Tensor

/// Where the trainers beside an edge connect: a bus of its own, on which there is nothing but their calls.
public actor TrainerDesk: TrainerProvider {
    /// How often it is looked whether a trainer has come.
    private static let interval: Duration = .milliseconds(50)

    /// What a trainer that goes away leaves, or says, in place of an answer.
    private static let departures = [BusError.Code.unreachable, .cancelled, .shuttingDown].map(\.rawValue)

    private let edge: Name
    private let bus: Bus
    private let logger: Logger
    /// Who said hello for a data set, the newest last.
    private var trainers: [Name: [PeerID]] = [:]

    public init(edge: Name, logger: Logger, context: BusContext = BusContext()) {
        self.edge = edge
        self.logger = logger.with(["service": "trainers"])
        var configuration = BusConfiguration(identity: PeerID(edge))
        configuration.frames.model = LaneLimits(
            bodyBytes: 4 << 20, attachments: 16_384, attachmentBytes: 1 << 30, totalAttachmentBytes: 4 << 30)
        configuration.maximumQueuedBytes = 4 << 30
        bus = Bus(configuration: configuration, context: context, logger: logger)
    }

    /// Lets trainers connect at `address`. Call before `run`.
    /// - Throws: `BusError` for an address that cannot be listened at.
    public nonisolated func listen(at address: BusAddress) throws {
        bus.handle(TrainerContract.hello) { [self] (request: Inbound<TrainerHello>) -> TrainerWelcome in
            try await welcome(request.body, from: request.peer)
        }
        try bus.listen(address, security: .none)
    }

    /// Serves until cancelled.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { [bus] group in
            group.addTask { [self] in
                for await event in bus.peerEvents() {
                    if case .disconnected(let peer, _) = event { await forget(peer) }
                }
            }
            try await bus.run()
            group.cancelAll()
        }
    }

    private func welcome(_ hello: TrainerHello, from peer: PeerID) throws -> TrainerWelcome {
        guard !peer.isReserved else {
            throw FedLearnError("refused", "a trainer cannot call itself '\(peer)'; choose another name")
        }
        forget(peer)
        trainers[hello.dataset, default: []].append(peer)
        logger.info(
            "a trainer is here",
            ["trainer": peer.text, "dataset": hello.dataset.text, "software": String(hello.software.prefix(100))])
        return TrainerWelcome(edge: edge)
    }

    private func forget(_ peer: PeerID) {
        for dataset in trainers.keys where trainers[dataset]?.contains(peer) == true {
            trainers[dataset]?.removeAll { $0 == peer }
            logger.debug("a trainer is gone", ["trainer": peer.text, "dataset": dataset.text])
        }
    }

    public func ask(
        _ work: TrainerWork, _ task: TrainerTask, tensors: [Tensor], until deadline: ContinuousClock.Instant,
        trace: TraceID
    ) async throws -> TrainerAnswer {
        let call =
            switch work {
            case .initialise: TrainerContract.initialise
            case .fit: TrainerContract.fit
            case .evaluate: TrainerContract.evaluate
            }
        let attachments = tensors.map { Attachment(owner: $0.storage, bytes: $0.storage.bytes) }
        while true {
            let peer = try await trainer(for: task.dataset, until: deadline)
            do {
                let reply = try await bus.call(
                    call, task, attachments: attachments, to: .peer(peer), timeout: deadline - .now, trace: trace)
                return TrainerAnswer(reply.body, tensors: try Self.tensors(reply.body.tensors, reply.attachments))
            } catch let error as BusError where !Task.isCancelled && Self.departures.contains(error.code) {
                logger.warning(
                    "a trainer went away at work; the next one is waited for",
                    ["trainer": peer.text, "work": work.rawValue, "job": task.job.text], error: error)
                forget(peer)
            } catch let error as BusError where error.code == BusError.Code.deadlineExceeded.rawValue {
                throw FedLearnError(
                    "trainer-late",
                    "the trainer for data set '\(task.dataset)' at edge '\(edge)' did not \(work.rawValue) in time; "
                        + "raise spec.roundDeadlineSeconds or let it do less",
                    cause: error)
            }
        }
    }

    private func trainer(for dataset: Name, until deadline: ContinuousClock.Instant) async throws -> PeerID {
        while true {
            if let peer = trainers[dataset]?.last { return peer }
            guard ContinuousClock.now < deadline else {
                let known = trainers.filter { !$0.value.isEmpty }.keys.sorted().map { "'\($0)'" }
                throw FedLearnError(
                    "no-trainer",
                    "no trainer for data set '\(dataset)' is connected to edge '\(edge)' (connected: "
                        + (known.isEmpty ? "none" : known.joined(separator: ", "))
                        + "); start one, or name it under 'trainers' in the edge's configuration")
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    private static func tensors(_ specs: [TensorSpec], _ attachments: [Attachment]) throws -> [Tensor] {
        guard specs.count == attachments.count else {
            throw FedLearnError(
                "wrong-shape", "the trainer names \(specs.count) tensors and sends \(attachments.count)")
        }
        return try zip(specs, attachments).map { spec, attachment in
            let width = MemoryLayout<Float>.size
            var count = width
            for extent in spec.shape {
                let (product, isTooLarge) = count.multipliedReportingOverflow(by: extent)
                guard extent > 0, !isTooLarge else {
                    throw FedLearnError("wrong-shape", "the trainer's '\(spec.name)' has the shape \(spec.shape)")
                }
                count = product
            }
            guard count == attachment.count, !spec.shape.isEmpty, spec.type == .float32 else {
                throw FedLearnError(
                    "wrong-shape",
                    "the trainer's '\(spec.name)' of shape \(spec.shape) has \(attachment.count) bytes, not \(count)")
            }
            return try attachment.withUnsafeBytes { try Tensor(littleEndian: $0, shape: spec.shape) }
        }
    }
}
