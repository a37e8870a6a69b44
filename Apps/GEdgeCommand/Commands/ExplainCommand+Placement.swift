import Contracts
import Core

extension ExplainCommand {
    /// The words after `placement` in `placement[/JOB]`, or `nil` for something else.
    static func placementWords(_ operand: String) -> [String]? {
        let parts = operand.split(separator: "/", maxSplits: 1).map(String.init)
        return parts.first?.lowercased() == "placement" ? Array(parts.dropFirst()) : nil
    }

    /// Where a job runs and why, with what was predicted beside what happened.
    static func explainPlacement(of job: String, _ core: CoreClient, _ output: ValueOutput) async throws {
        let records = try await core.call(ResourceContract.get(.trainingJob), ResourceQuery(name: job)).items
        guard let record = records.first else { throw CommandError("not-found", "there is no job '\(job)'") }
        let view = try JobView(record)
        let explanation = PlacementExplanation(view)
        try output.write(explanation, names: explanation.edges) { explanation.lines(output) }
    }

    /// What all jobs hold.
    static func explainReservations(_ core: CoreClient, _ output: ValueOutput) async throws {
        let list = try await core.call(PlacementContract.reservations, Empty()).reservations
        try output.write(list, names: list.map { "job/\($0.job)" }) {
            guard !list.isEmpty else { return ["no job holds anything"] }
            return output.lines(
                ["JOB", "GROUP", "PRIORITY", "EDGES", "CPUS EACH", "MEMORY EACH", "GPUS EACH", "SINCE", "GIVES WAY"],
                list.map { held in
                    [
                        held.job.text, held.group.text, "\(held.priority)",
                        held.edges.map(\.text).joined(separator: ","), "\(held.cpus)", "\(held.memory)", "\(held.gpus)",
                        "\(held.since)", held.eviction ?? "-",
                    ]
                })
        }
    }
}

/// A job's placement with what has come of it, as `gedge explain placement/JOB` shows it.
private struct PlacementExplanation: Encodable {
    var job: String
    var phase: JobPhase
    var placement: PlacementPlan?
    /// What was predicted of the whole job before its first round.
    var forecast: PlacementPrediction?
    var completedRounds: Int
    var rounds: Int
    /// Of the committed rounds, in seconds.
    var actualSeconds: Double
    /// Of the newest committed round, in seconds.
    var lastRoundSeconds: Double?
    var waiting: String?

    init(_ view: JobView) {
        let status = view.status
        job = view.name
        phase = status.phase
        placement = status.placement
        forecast = status.forecast
        completedRounds = status.completedRounds
        rounds = view.rounds
        actualSeconds = status.totals.seconds
        lastRoundSeconds = status.rounds.last?.seconds
        waiting = status.phase.isTerminal || status.conditions.allSatisfy(\.isTrue) ? nil : view.explanation
    }

    var edges: [String] { placement?.chosen.map { "edge/\($0)" } ?? [] }

    func lines(_ output: ValueOutput) -> [String] {
        var lines = ["Job:        \(job), \(phase.rawValue), \(completedRounds) of \(rounds) rounds"]
        if let waiting { lines.append("Waiting:    \(waiting)") }
        guard let placement else { return lines + ["Placement:  not decided yet"] }
        lines.append("Type:       \(placement.trainingType.rawValue): \(placement.typeReason)")
        if let model = placement.modelWeight, let data = placement.dataWeight {
            lines.append(
                "Weights:    moving the model counts \(NumberText.fixed(model, digits: 2)), moving the data "
                    + NumberText.fixed(data, digits: 2))
        }
        if let policy = placement.policy { lines.append("Policy:     \(policy.rawValue)") }
        lines += timeLines(placement)
        lines += (placement.notes ?? []).map { "Note:       \($0)" }
        lines.append("")
        lines += output.lines(
            ["EDGE", "OUTCOME", "SAMPLES", "TRAINING", "TRANSFER", "ROUND", "SCORE", "WHY"],
            placement.decisions.map { decision in
                let terms = decision.terms
                return [
                    decision.edge.text, decision.outcome.rawValue.lowercased(), terms.map { "\($0.samples)" } ?? "-",
                    Self.seconds(terms?.computeSeconds), Self.seconds(terms?.transferSeconds),
                    Self.seconds(terms?.roundSeconds), decision.score.map(Self.score) ?? "-", decision.reason,
                ]
            })
        return lines
    }

    private func timeLines(_ placement: PlacementPlan) -> [String] {
        var lines: [String] = []
        if let forecast {
            lines.append(
                "Predicted:  \(Self.seconds(forecast.totalSeconds)) for all rounds, nine times out of ten "
                    + "\(Self.seconds(forecast.lowSeconds)) to \(Self.seconds(forecast.highSeconds))")
            lines.append("Because:    \(forecast.basis)")
        }
        if completedRounds > 0 {
            var text = "Actual:     \(Self.seconds(actualSeconds)) for \(completedRounds) rounds"
            if let forecast, forecast.roundSeconds > 0 {
                let mean = actualSeconds / Double(completedRounds)
                let error = forecast.roundSeconds / mean - 1
                text +=
                    "; a round was predicted at \(Self.seconds(forecast.roundSeconds)) and took "
                    + "\(Self.seconds(mean)): \(NumberText.fixed(abs(error) * 100, digits: 1))% too \(error < 0 ? "short" : "long")"
            }
            lines.append(text)
        }
        if let next = placement.prediction, !phase.isTerminal {
            let left = max(0, rounds - completedRounds)
            lines.append(
                "Left:       \(Self.seconds(next.roundSeconds * Double(left))) for \(left) rounds; \(next.basis)")
        }
        return lines
    }

    private static func seconds(_ value: Double?) -> String {
        guard let value else { return "-" }
        return value < 100 ? "\(NumberText.fixed(value, digits: value < 1 ? 3 : 2)) s" : NumberText.span(seconds: value)
    }

    private static func score(_ value: Double) -> String {
        value >= 1e6 || value < 1e-3 ? "\(value)" : NumberText.fixed(value, digits: 3)
    }
}
