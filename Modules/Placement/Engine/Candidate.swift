import Contracts
import Core

/// A reason that is put into words when somebody reads it: most plans are made to choose by, not to be read.
typealias Words = @Sendable () -> String

/// An edge that can take a worker, and what a round there is made of.
struct Candidate: Sendable {
    let site: Site
    var training: Prediction
    /// What moving the model counts for, of the training type.
    var modelWeight: Double
    /// Everything of a round that is not training, in seconds.
    var transfer: Double
    /// One standard deviation of that from round to round.
    var transferDeviation: Double
    var samples: Int
    var idleThreads: Double
    /// What one transfer gets, in bytes per second.
    var bytesPerSecond: Double
    /// Above 1 for an edge that others are preferred to.
    var reluctance: Double
    /// Whether it is to be used only when nothing else will do.
    var isAvoided: Bool
    var facts: Words

    var name: Name { site.name }
    var seconds: Double { training.seconds + transfer }
    /// What the edges are ranked by.
    var cost: Double { (training.seconds + modelWeight * transfer) * reluctance }

    var terms: PlacementTerms {
        PlacementTerms(
            samples: samples, computeSeconds: training.seconds, transferSeconds: transfer, basis: training.basis.reason)
    }
}

/// What is to be said of an edge before edges are compared.
enum EdgeAssessment: Sendable {
    case candidate(Candidate)
    /// It cannot take part, whoever else is gone.
    case rejected(Words)
    /// It was here before the core restarted.
    case pending(Words)
    /// It could take part if others held less of it.
    case full(Words, Candidate)
}
