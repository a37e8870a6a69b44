package import Contracts
import Core

/// The Place Schema: what every workload took on every class of hardware, and what others will take.
///
/// Pure. Predictions depend on the records alone, in whatever order they were told, as long as no more profiles than
/// `limit` are known; past that, those whose newest record is oldest are forgotten.
package struct ProfileBook: Sendable {
    struct Key: Hashable, Sendable {
        var workload: TrainingWorkload
        var hardware: String
    }

    /// Workloads whose times follow the same terms.
    struct Family: Hashable, Sendable {
        var type: TrainingType
        var model: String
        var precision: String

        init(_ workload: TrainingWorkload) {
            type = workload.trainingType
            model = workload.model
            precision = workload.precision
        }
    }

    /// The most profiles that are kept.
    let limit: Int
    private(set) var profiles: [Key: Profile] = [:]
    /// The workloads of each class of hardware, by family.
    private(set) var workloads: [String: [Family: Set<TrainingWorkload>]] = [:]
    var judged: [Key: PredictionAccuracy] = [:]

    package init(limit: Int = 10_000) { self.limit = max(1, limit) }

    /// How many profiles there are.
    package var count: Int { profiles.count }

    /// Learns from a round that is over. A record that is told twice counts once, and one with a flaw (`RoundRecord.flaw`)
    /// not at all.
    /// - Parameter hardware: the class of the edge's hardware, such as `Hardware.profileClass`.
    package mutating func add(_ record: RoundRecord, hardware: String) {
        add([(record, hardware)])
    }

    /// Learns from many rounds, which takes less time than one after the other.
    package mutating func add(_ records: some Sequence<(RoundRecord, String)>) {
        var changed: Set<Key> = []
        for (record, hardware) in records where record.flaw == nil {
            let key = Key(workload: record.workload, hardware: hardware)
            if profiles[key] == nil {
                if profiles.count >= limit { forget() }
                profiles[key] = Profile(record.workload)
                workloads[hardware, default: [:]][Family(record.workload), default: []].insert(record.workload)
            }
            if profiles[key]?.add(Observation(record)) == true { changed.insert(key) }
        }
        for key in changed { profiles[key]?.refit() }
    }

    /// Makes room: the sixteenth of the profiles whose newest record is oldest goes.
    private mutating func forget() {
        let oldest = profiles.sorted { ($0.value.newest, $0.key) < ($1.value.newest, $1.key) }
        for (key, _) in oldest.prefix(max(1, limit / 16)) {
            profiles[key] = nil
            judged[key] = nil
            let family = Family(key.workload)
            workloads[key.hardware]?[family]?.remove(key.workload)
            if workloads[key.hardware]?[family]?.isEmpty == true { workloads[key.hardware]?[family] = nil }
            if workloads[key.hardware]?.isEmpty == true { workloads[key.hardware] = nil }
        }
    }
}

extension ProfileBook.Key: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        left.workload == right.workload ? left.hardware < right.hardware : left.workload.precedes(right.workload)
    }
}

extension TrainingWorkload {
    /// A total order, for ties.
    func precedes(_ other: TrainingWorkload) -> Bool {
        let words = (trainingType.rawValue, model, precision)
        let others = (other.trainingType.rawValue, other.model, other.precision)
        if words != others { return words < others }
        return (parameters, features, batchSize, localEpochs)
            < (other.parameters, other.features, other.batchSize, other.localEpochs)
    }
}

extension Hardware {
    /// The class of machines that are taken to be as fast as one another.
    package var profileClass: String { "\(architecture)/\(processor)/\(threads)" }
}
