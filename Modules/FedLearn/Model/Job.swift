import Contracts
import Core

/// A job as the coordinator keeps it.
struct Job: Sendable {
    /// Unique for all time, unlike the name, which can be used again after a deletion.
    let uid: String
    let created: Timestamp
    var document: TrainingJobDocument
    var header: JobHeader
    var rounds: RoundHistory
    /// What is going on right now; not stored, because it follows from the round's row.
    var current: CurrentRound?

    var name: Name { document.metadata.name }
    var spec: TrainingJobSpec { document.spec }
    var path: ProjectPath { ProjectPath(group: document.metadata.group, project: document.metadata.project) }
    var traceID: TraceID { header.traceID }

    func modelName(round: Int) -> String { "\(path)/\(round)" }

    /// Rounds that were raised give a finished job work again, from that moment on.
    var phase: JobPhase { header.phase == .succeeded && needsRounds ? .running : header.phase }

    /// Whether rounds are to come: there are some, and no model is good enough yet.
    var needsRounds: Bool { rounds.count < spec.rounds && !hasReachedTarget }

    var hasReachedTarget: Bool { rounds.last.map(spec.isMet) ?? false }

    /// Whether a runner has something to do.
    var hasWork: Bool { !phase.isTerminal && phase != .paused }

    /// What every data reference of every job begins with.
    static let references = "fedlearn/"
    /// The prefix of every data reference a job holds.
    static func referencePrefix(_ uid: String) -> String { "\(references)\(uid)/" }
    /// The uid of the job that holds a reference.
    static func uid(ofReference reference: String) -> String? {
        let parts = reference.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 && [references, personalReferences].contains("\(parts[0])/") && !parts[1].isEmpty
            ? String(parts[1]) : nil
    }

    /// Edges that may hold something of the job, as far as is remembered; others ask when they connect.
    var knownEdges: [Name] {
        let kept = rounds.newest.flatMap { $0.contributors.map(\.edge) + $0.absent.map(\.edge) }
        return Set((header.placement?.chosen ?? []) + kept).sorted()
    }

    func globalReference(round: Int) -> String { "\(Self.referencePrefix(uid))\(round)/global" }
    func updatePrefix(round: Int) -> String { "\(Self.referencePrefix(uid))\(round)/update/" }

    /// What the strategy keeps for the round behind this one.
    func statePrefix(round: Int) -> String { "\(Self.referencePrefix(uid))\(round)/state/" }

    /// What every reference to what an edge keeps to itself begins with; it outlives the job's end.
    static let personalReferences = "fedlearn-personal/"
    static func personalPrefix(_ uid: String) -> String { "\(personalReferences)\(uid)/" }
    /// What an edge keeps of the job's model to itself, as of a round.
    static func personalReference(_ uid: String, round: Int) -> String { "\(personalPrefix(uid))\(round)/own" }

    func reference(round: Int) -> RoundReference { RoundReference(jobUID: uid, job: name, round: round) }

    /// How it learns: as its spec says, or as placement has classified it.
    var trainingType: TrainingType { spec.fixedType ?? header.trainingType ?? .federated }

    func placementRequest() -> PlacementRequest {
        let bytes = Int64(architecture.bytes)
        let working = Int64(architecture.workingBytes(batch: spec.localOptimizer.batch)) + spec.actedBytes
        var request = PlacementRequest(
            job: name, jobUID: uid, group: path.group, declaredType: spec.trainingType ?? header.trainingType,
            dataset: spec.data?.dataset,
            // The model, its gradient, the momentum and the update in transit, and room for a batch.
            memory: 4 * bytes + working + 32_000_000, modelBytes: bytes, features: spec.features,
            classes: spec.classes, allowedEdges: spec.clients?.edges, minimumEdges: spec.minimumClients,
            maximumEdges: spec.maximumEdges, workload: workload, rounds: max(1, spec.rounds - rounds.count),
            spec: spec.placement ?? PlacementSpec(), submitted: created, samples: spec.actedSteps)
        request.hasBaseModel = spec.transfer != nil
        return request
    }

    /// What the time of its rounds depends on.
    var workload: TrainingWorkload {
        let optimizer = spec.localOptimizer
        return TrainingWorkload(
            trainingType: trainingType, model: spec.family, parameters: max(1, architecture.parameterCount),
            features: max(1, spec.features), batchSize: optimizer.batch, localEpochs: optimizer.epochs)
    }

    var status: TrainingJobStatus {
        TrainingJobStatus(
            phase: phase, conditions: header.conditions, completedRounds: rounds.last?.round ?? 0,
            trainingType: header.placement?.trainingType, placement: header.placement, current: current,
            rounds: rounds.newest, totals: rounds.totals, baselineAccuracy: header.baselineAccuracy,
            model: rounds.last?.model,
            traceID: header.traceID, forecast: header.forecast)
    }

    /// The job with its newest rounds.
    func record() throws -> ResourceRecord { try record(status) }

    /// The job in a list of many: without its rounds.
    func listedRecord() throws -> ResourceRecord {
        var status = status
        status.rounds = []
        return try record(status)
    }

    private func record(_ status: TrainingJobStatus) throws -> ResourceRecord {
        ResourceRecord(
            kind: .trainingJob,
            metadata: ResourceMetadata(
                group: path.group, project: path.project, name: name.text, labels: document.metadata.labels,
                created: created, uid: uid),
            spec: try JSONValue(encoding: spec), status: try JSONValue(encoding: status))
    }
}

/// The part of a job's status that is stored with the job itself.
struct JobHeader: Codable, Sendable, Hashable {
    var phase: JobPhase
    var conditions: [Condition]
    var placement: PlacementPlan?
    /// The untrained model all rounds start from.
    var initialManifest: Digest?
    /// What an external model consists of, once a trainer has said it.
    var tensors: [TensorSpec]?
    var baselineAccuracy: Double?
    var traceID: TraceID
    /// What was predicted of the whole job before its first round.
    var forecast: PlacementPrediction?
    /// Of a job whose spec leaves it open: the training type it was given, and why.
    var trainingType: TrainingType?
    var typeReason: String?
    /// Of a job that trains at the core: the data that is there, and whose is not.
    var gathered: [GatheredShare]?
    var leftOut: [Absence]?

    /// Sets the condition `type`; its time changes only when its meaning does.
    mutating func set(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String, at time: Timestamp) {
        let old = conditions.first { $0.type == type }
        conditions.removeAll { $0.type == type }
        let since = old.map { $0.isTrue == isTrue && $0.reason == reason ? $0.since : time } ?? time
        conditions.append(Condition(type: type, isTrue: isTrue, reason: reason, message: message, since: since))
    }
}
