import Contracts
import Core

/// A placement plan in words.
enum PlacementText {
    /// What applying a job would lead to.
    static func forecast(_ plan: PlacementPlan, minimum: Int, now: Timestamp) -> [String] {
        var lines = ["training type: \(plan.trainingType.rawValue): \(plan.typeReason)"]
        if let wait = plan.wait {
            let until = wait.until.map { ", probably until \($0)" } ?? ""
            lines.append(
                wait.isForever == true ? "would not run: \(wait.reason)" : "would wait: \(wait.reason)\(until)")
        } else if plan.chosen.count < minimum {
            lines.append("would wait: \(plan.chosen.count) of at least \(minimum) edges can take it")
        } else if plan.trainingType == .centralised {
            let edges = plan.chosen.map(\.text).joined(separator: ", ")
            lines.append("would run on: the core, with the data of: \(edges.isEmpty ? "the core alone" : edges)")
        } else {
            lines.append("would run on: \(plan.chosen.map(\.text).joined(separator: ", "))")
        }
        // What is predicted is a round at the edges.
        if plan.trainingType != .centralised, let prediction = plan.prediction {
            let end = now.advanced(by: .seconds(min(prediction.totalSeconds, 1e9)))
            lines.append(
                "would take: \(seconds(prediction.totalSeconds)) from its start, nine times out of ten "
                    + "\(seconds(prediction.lowSeconds)) to \(seconds(prediction.highSeconds)); started now, until \(end)"
            )
            lines.append("predicted by: \(prediction.basis)")
        }
        return lines + edges(plan) + (plan.notes ?? [])
    }

    /// A line for every edge.
    static func edges(_ plan: PlacementPlan) -> [String] {
        plan.decisions.map { "\($0.edge): \($0.outcome.rawValue.lowercased()); \($0.reason)" }
    }

    static func seconds(_ value: Double) -> String {
        value < 100 ? "\((value * 100).rounded() / 100) s" : DurationText.exact(.seconds(min(value, 1e9).rounded()))
    }
}
