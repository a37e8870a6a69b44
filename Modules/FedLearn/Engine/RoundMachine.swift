import Contracts
import Core

/// One round's decisions: who was asked, who delivered, who cannot. State and events in, the next step out; no clock, no
/// I/O. The transitions it names are committed by its caller before their effect is seen.
struct RoundMachine: Sendable {
    enum Step: Hashable, Sendable {
        /// Nothing to decide yet.
        case wait
        /// Average these updates, in this order.
        case aggregate([Name])
        /// Too few updates came; ask again. Refusals will be the same next time; a deadline that passed may not.
        case repeatRound(reason: String, isRefused: Bool)
    }

    /// The most characters of a reason that are kept: an edge writes it, and it stays with the round.
    private static let reasonLimit = 300

    let participants: [Name]
    let minimum: Int
    /// How many updates close the round.
    let enough: Int
    private(set) var contributors: Set<Name>
    private(set) var absences: [Name: String] = [:]

    /// - Parameters:
    ///   - enough: how many updates close the round without the others; all when left out.
    ///   - contributors: edges whose updates were committed before this process started.
    init(participants: [Name], minimum: Int, enough: Int? = nil, contributors: Set<Name> = []) {
        self.participants = participants.sorted()
        self.minimum = minimum
        self.enough = enough ?? participants.count
        self.contributors = contributors.intersection(participants)
    }

    /// An update was committed.
    mutating func contributed(_ edge: Name) -> Step {
        guard participants.contains(edge) else { return .wait }
        contributors.insert(edge)
        absences[edge] = nil
        return settled()
    }

    /// An edge said, or showed, that it will not deliver. A delivered update stays delivered.
    mutating func declined(_ edge: Name, reason: String) -> Step {
        guard participants.contains(edge), !contributors.contains(edge) else { return .wait }
        absences[edge] = String(reason.prefix(Self.reasonLimit))
        return settled()
    }

    /// The round's time is over: it closes with what came.
    mutating func deadlinePassed(_ limit: Duration) -> Step {
        for edge in participants where !contributors.contains(edge) && absences[edge] == nil {
            absences[edge] = "no update within the round's deadline of \(limit.seconds) s"
        }
        return close(isRefused: false)
    }

    /// Whether everybody was heard before the round began, as after a restart.
    mutating func settled() -> Step {
        if contributors.count >= enough, contributors.count < participants.count {
            for edge in participants where !contributors.contains(edge) && absences[edge] == nil {
                absences[edge] = "\(contributors.count) others, which are enough, came before it"
            }
        }
        return contributors.count + absences.count == participants.count ? close(isRefused: true) : .wait
    }

    private func close(isRefused: Bool) -> Step {
        guard contributors.count >= minimum, !contributors.isEmpty else {
            let missing = absences.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            return .repeatRound(
                reason: "\(contributors.count) of at least \(max(1, minimum)) updates came"
                    + (missing.isEmpty ? "" : " (" + missing.joined(separator: "; ") + ")"),
                isRefused: isRefused)
        }
        return .aggregate(contributors.sorted())
    }
}
