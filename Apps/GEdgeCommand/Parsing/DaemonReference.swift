import Contracts
import Core

/// Whose log or metrics are wanted: the core's, an edge's, or what is known of a job.
struct DaemonReference: Sendable, Hashable {
    let edge: Name?
    let job: String?

    /// Reads `core`, `edge/NAME`, `job/NAME`, or nothing for the core.
    init(_ word: String?) throws(CommandError) {
        guard let word, word != "core" else {
            edge = nil
            job = nil
            return
        }
        guard word.contains("/") else {
            throw .usage("'\(word)' is none of core, edge/NAME, job/NAME\(Suggestion.question(word, among: ["core"]))")
        }
        let (kind, name) = try ResourceReference.named([word])
        switch kind {
        case .edge:
            do { edge = try Name(name) } catch { throw .usage(error.message) }
            job = nil
        case .trainingJob:
            edge = nil
            job = name
        case .model, .syncPolicy, .dataset:
            throw .usage("a \(kind.word) has no log and no metrics; name core, edge/NAME or job/NAME")
        }
    }
}
