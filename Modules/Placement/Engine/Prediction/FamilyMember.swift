import Contracts
import Glibc

/// A workload's profile as another workload of its family sees it: a few points of its own fit, which noise and outliers have
/// left already, and how much they count.
struct FamilyMember: Sendable {
    let workload: TrainingWorkload
    /// Squared; see `WorkloadScale.distance`.
    let distance: Double
    let points: [RobustFit.Row]
    let noise: Double
    let runs: Int

    init(_ profile: Profile, seenFrom other: TrainingWorkload) {
        let scales = profile.fit == nil ? [] : profile.scales
        self.init(
            workload: profile.workload, distance: WorkloadScale.distance(profile.workload, other),
            points: scales.map { samples in
                RobustFit.Row(
                    terms: WorkloadScale.family(profile.workload, samples: samples),
                    seconds: profile.fit?.seconds(WorkloadScale.own(profile.workload, samples: samples)) ?? 0, weight: 1
                )
            },
            noise: profile.fit?.spread ?? 0, runs: profile.runs.count)
    }

    private init(workload: TrainingWorkload, distance: Double, points: [RobustFit.Row], noise: Double, runs: Int) {
        self.workload = workload
        self.distance = distance
        self.points = points.filter { $0.seconds > 0 && $0.seconds.isFinite }
        self.noise = noise
        self.runs = runs
    }

    /// As another one sees it.
    func seen(from other: TrainingWorkload) -> FamilyMember {
        FamilyMember(
            workload: workload, distance: WorkloadScale.distance(workload, other), points: points, noise: noise,
            runs: runs)
    }

    /// How much it counts: near ones more, but none nothing, because the fit needs workloads of different shapes.
    var kernel: Double { 1 / ((1 + distance) * (1 + distance)) }

    /// How much its own deviation from the family counts for the one that sees it.
    private var nearness: Double { exp(-distance / 2) }

    /// The logarithm of what it took over what the family's fit says.
    func residual(_ fit: RobustFit) -> Double {
        let parts = points.map { log($0.seconds / max(fit.seconds($0.terms), .leastNormalMagnitude)) }
        return parts.isEmpty ? 0 : parts.reduce(0, +) / Double(parts.count)
    }

    /// One fit for all; `nil` when none has a point.
    static func fit(_ members: ArraySlice<FamilyMember>) -> RobustFit? {
        let rows = members.flatMap { member in
            member.points.map { point in
                var row = point
                row.weight = member.kernel / Double(member.points.count)
                return row
            }
        }
        guard !rows.isEmpty else { return nil }
        let rate = Statistics.median(rows.map { ($0.seconds / $0.terms[0], $0.weight) }) ?? 0
        return RobustFit(rows) { rate * $0.terms[0] }
    }

    /// By how much the workloads nearby differ from the fit, as a factor: the average of their residuals by nearness
    /// (Nadaraya 1964), drawn towards 1 where none is near.
    static func correction(_ members: ArraySlice<FamilyMember>, _ fit: RobustFit) -> Double {
        let total = members.reduce(0.25) { $0 + $1.nearness }
        return exp(members.reduce(0) { $0 + $1.nearness * $1.residual(fit) } / total)
    }
}
