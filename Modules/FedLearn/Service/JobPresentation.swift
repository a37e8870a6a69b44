import Contracts
import Core

/// Jobs as tables and text.
enum JobPresentation {
    static let columns = ["NAME", "PROJECT", "TYPE", "PHASE", "ROUNDS", "ACCURACY", "MODEL"]

    /// The cells of a job under `columns`.
    static func row(_ job: Job) -> [String] {
        [
            job.name.text, job.path.description, job.header.placement?.trainingType.rawValue ?? "-",
            job.phase.rawValue, "\(job.rounds.count)/\(job.spec.rounds)", quality(job.rounds.last),
            job.rounds.last?.model ?? "-",
        ]
    }

    static func describe(_ job: Job) -> String {
        let spec = job.spec
        let optimizer = spec.localOptimizer
        var lines = [
            "Name:        \(job.name)",
            "Models:      \(job.path)/{round}",
            "Phase:       \(job.phase.rawValue), \(job.rounds.count) of \(spec.rounds) rounds",
            "Created:     \(job.created)",
            "Trace:       \(job.traceID)",
            "Model:       \(spec.model.kind.rawValue) \(job.architecture.summary), "
                + "\(job.architecture.parameterCount) parameters",
            spec.environment.map { "Environment: \($0.summary)" }
                ?? "Data:        \(spec.data.map { $0.dataset.text } ?? "-") (\(spec.features) features, \(spec.classes) classes)",
            "Optimizer:   \(optimizer.summary), "
                + "batch \(optimizer.batch), \(optimizer.epochs) local epochs",
            "Strategy:    \(strategy(job))",
            "Starts from: \(start(job))",
            "Compression: \(compression(job))",
            "Privacy:     \(privacy(job))",
            (spec.environment == nil ? "Accuracy:    " : "Judged:      mean ") + quality(job.rounds.last)
                + (job.header.baselineAccuracy.map { " (trained centrally: \(percent($0)))" } ?? ""),
        ]
        for condition in job.header.conditions {
            lines.append("\(condition.type): \(condition.isTrue), \(condition.reason): \(condition.message)")
        }
        if let plan = job.header.placement {
            lines.append("Placement:   \(plan.trainingType.rawValue): \(plan.typeReason)")
            lines += PlacementText.edges(plan).map { "  \($0)" }
        }
        let shown = job.rounds.newest
        let earlier = job.rounds.count - shown.count
        if !shown.isEmpty { lines.append("Rounds:") }
        if earlier > 0 { lines.append("  \(earlier) earlier ones: gedge get job/\(job.name) -o json") }
        for round in shown {
            lines.append(
                "  \(round.round): \(round.meanReturn == nil ? "accuracy" : "mean") \(quality(round)), \(round.contributors.count) updates, "
                    + "\(round.bytesToEdges) B to edges, \(CompressionText.bytes(round) ?? "\(round.bytesFromEdges) B") from edges, "
                    + "\((round.seconds * 1000).rounded() / 1000) s"
                    + round.absent.map { "; without \($0.edge): \($0.reason)" }.joined())
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func strategy(_ job: Job) -> String {
        guard job.trainingType != .centralised else { return "none: the core trains" }
        let values = (job.spec.strategy?.values ?? [:]).sorted { $0.key < $1.key }
        return
            ([job.spec.strategy?.kind ?? FederatedAveraging.kind]
            + values.map { "\($0.key) \(StrategyParameter.text($0.value))" }).joined(separator: ", ")
    }

    /// How updates are sent, and what became of the last round's.
    private static func compression(_ job: Job) -> String {
        let last = job.rounds.last
        var text = CompressionText.kind(last?.compression?.sent ?? job.compression)
        if job.spec.compression?.kind == .auto {
            text = "auto, \(text)"
            if let saving = last?.compression?.predictedSaving {
                text +=
                    "; int8 would save \(percent(saving)) of a round's time, and is chosen from "
                    + "\(percent(AutomaticCompression.leastSaving)) and 1 MiB on"
            }
        }
        guard let last, let bytes = CompressionText.bytes(last) else { return text }
        return "\(text); round \(last.round) sent \(bytes)"
    }

    static func start(_ job: Job) -> String {
        guard let transfer = job.spec.transfer else { return "an untrained model" }
        // `try?`: an applied job's network is sound.
        let tensors = (try? job.architecture.tensors) ?? []
        let frozen = job.spec.frozenIndices(of: tensors).map { tensors[$0].name }
        return "\(transfer.base), frozen: \(frozen.isEmpty ? "nothing" : frozen.joined(separator: ", "))"
    }

    private static func privacy(_ job: Job) -> String {
        guard let privacy = job.spec.privacy else { return "none" }
        var clip = StrategyParameter.text(privacy.clip)
        if let next = job.rounds.last?.privacy?.nextClip { clip += ", adaptive, now \((next * 1e4).rounded() / 1e4)" }
        let spent = job.rounds.last?.privacy.map { "spent \($0.text)" } ?? "nothing spent yet"
        return
            "clip \(clip), noise \(StrategyParameter.text(privacy.noise)); \(spent), "
            + "all rounds: \(privacy.spent(rounds: job.spec.rounds).text)"
    }

    /// How good a round's model is: its accuracy or, of a policy, its mean return.
    static func quality(_ round: RoundSummary?) -> String {
        round?.meanReturn.map { "return \(($0 * 100).rounded() / 100)" } ?? percent(round?.accuracy)
    }

    static func percent(_ share: Double?) -> String {
        share.map { "\(($0 * 10_000).rounded() / 100)%" } ?? "-"
    }
}

/// Rounds' models as tables and text.
enum ModelPresentation {
    static let columns = ["NAME", "JOB", "ACCURACY", "LOSS", "UPDATES", "MANIFEST"]

    /// The cells of a model under `columns`.
    static func row(_ model: FedLearnCoordinator.Model) -> [String] {
        let (job, round) = model
        return [
            round.model, job.name.text, JobPresentation.quality(round),
            round.loss.map { "\(($0 * 10_000).rounded() / 10_000)" } ?? "-", "\(round.contributors.count)",
            String(round.manifest.hex.prefix(12)),
        ]
    }

    static func record(_ model: FedLearnCoordinator.Model) -> ResourceRecord {
        let (job, round) = model
        return ResourceRecord(
            kind: .model,
            metadata: ResourceMetadata(group: job.path.group, project: job.path.project, name: round.model),
            spec: .object(["job": .string(job.name.text)]), status: status(round))
    }

    static func describe(_ model: FedLearnCoordinator.Model) -> String {
        let (job, round) = model
        let origin = round.round > 1 ? job.modelName(round: round.round - 1) : JobPresentation.start(job)
        var lines = [
            "Name:        \(round.model)",
            "Job:         \(job.name), round \(round.round) of \(job.spec.rounds), \(job.trainingType.rawValue)",
            "Starts from: \(origin)",
            "Strategy:    \(JobPresentation.strategy(job))",
            "Manifest:    \(round.manifest)",
            "Layers:      \(job.architecture.summary)",
            (round.meanReturn == nil ? "Accuracy:    " : "Judged:      mean ") + JobPresentation.quality(round),
            "Loss:        \(round.loss.map { "\($0)" } ?? "-")",
            "Took:        \((round.seconds * 1000).rounded() / 1000) s",
            "Moved:       \(round.bytesToEdges) B to edges, "
                + "\(CompressionText.bytes(round) ?? "\(round.bytesFromEdges) B") from edges",
        ]
        if let compression = round.compression {
            lines.append("Compression: \(CompressionText.kind(compression.sent))")
        }
        if let privacy = round.privacy { lines.append("Privacy:     \(privacy.text), with all rounds before") }
        lines.append("Updates:")
        let samples = round.contributors.reduce(0.0) { $0 + Double($1.samples) }
        for update in round.contributors {
            let share = JobPresentation.percent(Double(update.samples) / max(1, samples))
            lines.append(
                "  \(update.edge): \(update.samples) samples (\(share)), loss \(update.loss), \(update.bytes) B"
                    + (update.meanReturn.map { ", mean return \($0)" } ?? "")
                    + (update.norm.map { ", norm \($0)" } ?? "") + (update.weight.map { ", weight \($0)" } ?? ""))
        }
        if !round.absent.isEmpty { lines.append("Left out:") }
        for absence in round.absent { lines.append("  \(absence.edge): \(absence.reason)") }
        return lines.joined(separator: "\n") + "\n"
    }

    static let explanation = """
        KIND: Model (written by the platform)

        The global model after one committed round, named {group}/{project}/{round}.

        spec.job             the job that made it
        status.phase         Committed
        status.manifest      the SHA-256 that names its manifest in the shard store
        status.accuracy      on the job's evaluation data, 0 to 1
        status.meanReturn    of a policy, over status.episodes episodes
        status.contributors  the edges whose updates were averaged: samples, loss, bytes, norm (how
                             far the update lies from the model it started from), weight where the strategy chose it

        """

    /// What a model's resource shows under `status`. Written by hand, because a list may have thousands.
    private static func status(_ round: RoundSummary) -> JSONValue {
        var members: [String: JSONValue] = [
            "phase": .string("Committed"), "round": .integer(Int64(round.round)),
            "manifest": .string(round.manifest.hex),
            "contributors": .array(
                round.contributors.map { contribution -> JSONValue in
                    var members: [String: JSONValue] = [
                        "edge": .string(contribution.edge.text), "samples": .integer(Int64(contribution.samples)),
                        "loss": .number(contribution.loss), "bytes": .integer(Int64(contribution.bytes)),
                    ]
                    members["norm"] = contribution.norm.map(JSONValue.number)
                    members["meanReturn"] = contribution.meanReturn.map(JSONValue.number)
                    members["episodes"] = contribution.episodes.map { .integer(Int64($0)) }
                    members["weight"] = contribution.weight.map(JSONValue.number)
                    return .object(members)
                }),
        ]
        members["accuracy"] = round.accuracy.map(JSONValue.number)
        members["loss"] = round.loss.map(JSONValue.number)
        members["meanReturn"] = round.meanReturn.map(JSONValue.number)
        members["episodes"] = round.episodes.map { .integer(Int64($0)) }
        return .object(members)
    }
}
