import Contracts
import Core

/// Jobs as tables and text.
enum JobPresentation {
    static func list(_ jobs: [Job]) throws -> ResourceList {
        ResourceList(
            columns: ["NAME", "PROJECT", "TYPE", "PHASE", "ROUNDS", "ACCURACY", "MODEL"],
            rows: jobs.map { job in
                [
                    job.name.text, job.path.description, job.header.placement?.trainingType.rawValue ?? "-",
                    job.phase.rawValue, "\(job.rounds.count)/\(job.spec.rounds)",
                    percent(job.rounds.last?.accuracy), job.rounds.last?.model ?? "-",
                ]
            },
            items: try jobs.map { try $0.record() })
    }

    static func describe(_ job: Job) -> String {
        let spec = job.spec
        let optimizer = spec.optimizer ?? OptimizerSpec()
        var lines = [
            "Name:        \(job.name)",
            "Models:      \(job.path)/{round}",
            "Phase:       \(job.phase.rawValue), \(job.rounds.count) of \(spec.rounds) rounds",
            "Created:     \(job.created)",
            "Trace:       \(job.traceID)",
            "Model:       \(spec.model.kind.rawValue) \(spec.architecture.units.map(String.init).joined(separator: "-")), "
                + "\(spec.architecture.parameterCount) parameters",
            "Data:        \(spec.data.dataset) (\(spec.data.features) features, \(spec.data.classes) classes)",
            "Optimizer:   momentum SGD, rate \(optimizer.learningRate ?? 0.05), momentum \(optimizer.momentum ?? 0.9), "
                + "batch \(optimizer.batch), \(optimizer.epochs) local epochs",
            "Accuracy:    \(percent(job.rounds.last?.accuracy))"
                + (job.header.baselineAccuracy.map { " (trained centrally: \(percent($0)))" } ?? ""),
        ]
        for condition in job.header.conditions {
            lines.append("\(condition.type): \(condition.isTrue), \(condition.reason): \(condition.message)")
        }
        if let plan = job.header.placement {
            lines.append("Placement:   \(plan.trainingType.rawValue): \(plan.typeReason)")
            for decision in plan.decisions {
                lines.append("  \(decision.edge): \(decision.outcome.rawValue.lowercased()); \(decision.reason)")
            }
        }
        if !job.rounds.isEmpty { lines.append("Rounds:") }
        for round in job.rounds.suffix(20) {
            lines.append(
                "  \(round.round): accuracy \(percent(round.accuracy)), \(round.contributors.count) updates, "
                    + "\(round.bytesToEdges) B to edges, \(round.bytesFromEdges) B from edges, "
                    + "\((round.seconds * 1000).rounded() / 1000) s"
                    + round.absent.map { "; without \($0.edge): \($0.reason)" }.joined())
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func percent(_ share: Double?) -> String {
        share.map { "\(($0 * 10_000).rounded() / 100)%" } ?? "-"
    }
}

/// Rounds' models as tables and text.
enum ModelPresentation {
    static func list(_ models: [FedLearnCoordinator.Model]) throws -> ResourceList {
        ResourceList(
            columns: ["NAME", "JOB", "ACCURACY", "LOSS", "UPDATES", "MANIFEST"],
            rows: models.map { job, round in
                [
                    round.model, job.name.text, JobPresentation.percent(round.accuracy),
                    round.loss.map { "\(($0 * 10_000).rounded() / 10_000)" } ?? "-", "\(round.contributors.count)",
                    String(round.manifest.hex.prefix(12)),
                ]
            },
            items: try models.map { job, round in
                ResourceRecord(
                    kind: .model,
                    metadata: ResourceMetadata(group: job.path.group, project: job.path.project, name: round.model),
                    spec: .object(["job": .string(job.name.text)]), status: try JSONValue(encoding: Status(round)))
            })
    }

    static func describe(_ model: FedLearnCoordinator.Model) -> String {
        let (job, round) = model
        var lines = [
            "Name:      \(round.model)",
            "Job:       \(job.name), round \(round.round)",
            "Manifest:  \(round.manifest)",
            "Layers:    \(job.spec.architecture.units.map(String.init).joined(separator: "-"))",
            "Accuracy:  \(JobPresentation.percent(round.accuracy))",
            "Updates:",
        ]
        for update in round.contributors {
            lines.append("  \(update.edge): \(update.samples) samples, loss \(update.loss), \(update.bytes) B")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static let explanation = """
        KIND: Model (written by the platform)

        The global model after one committed round, named {group}/{project}/{round}.

        spec.job             the job that made it
        status.phase         Committed
        status.manifest      the SHA-256 that names its manifest in the shard store
        status.accuracy      on the job's evaluation data, 0 to 1
        status.contributors  the edges whose updates were averaged: samples, loss, bytes

        """

    private struct Status: Encodable {
        var phase = "Committed"
        var round: Int
        var manifest: Digest
        var accuracy: Double?
        var loss: Double?
        var contributors: [Contribution]

        init(_ summary: RoundSummary) {
            round = summary.round
            manifest = summary.manifest
            accuracy = summary.accuracy
            loss = summary.loss
            contributors = summary.contributors
        }
    }
}
