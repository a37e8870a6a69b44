import Contracts
import Glibc

extension ProfileBook {
    /// The most workloads that a family's fit takes in, nearest first.
    private static let mostMembers = 24
    /// Of how many of them it is asked how far off the others are.
    private static let mostJudged = 8

    /// From other workloads of the family on the same hardware; `nil` when there is none.
    func family(_ workload: TrainingWorkload, _ hardware: String) -> Belief? {
        let known = (workloads[hardware]?[Family(workload)] ?? []).filter { $0 != workload }.map {
            (workload: $0, distance: WorkloadScale.distance($0, workload))
        }
        let nearby = known.sorted {
            $0.distance == $1.distance ? $0.workload.precedes($1.workload) : $0.distance < $1.distance
        }
        let members = nearby.prefix(Self.mostMembers).compactMap { member in
            profiles[Key(workload: member.workload, hardware: hardware)].map { FamilyMember($0, seenFrom: workload) }
        }[...]
        guard let nearest = members.first, let fit = FamilyMember.fit(members) else { return nil }

        var belief = Belief(
            form: .family(fit), factor: FamilyMember.correction(members, fit), spread: 0, noise: 0, freedom: 1,
            match: .sameFamily, reason: "", runs: members.reduce(0) { $0 + $1.runs })
        belief.noise = members.reduce(0) { $0 + $1.noise } / Double(members.count)
        let judged = members.prefix(Self.mostJudged)
        var errors: [(value: Double, weight: Double)] = []
        if members.count >= 3 {
            for member in judged {
                let others = members.filter { $0.workload != member.workload }.map { $0.seen(from: member.workload) }
                guard let fit = FamilyMember.fit(others[...]) else { continue }
                let correction = log(FamilyMember.correction(others[...], fit))
                errors.append((abs(member.residual(fit) - correction), member.kernel))
            }
        }
        let total = errors.reduce(0) { $0 + $1.weight }
        let squares = errors.reduce(0) { $0 + $1.weight * $1.value * $1.value }
        // What a doubling of the parameters may change, where too few workloads are known to tell.
        let guess = 0.15 + 0.1 * nearest.distance.squareRoot()
        belief.spread = ((squares + guess * guess * 0.2) / (total + 0.2)).squareRoot()
        belief.freedom = max(1, Double(errors.count) - 1)
        belief.reason =
            "no run of this workload on \(hardware); \(members.count) other workload\(members.count == 1 ? "" : "s") of "
            + "\(workload.model) in \(workload.precision) there, the nearest with \(nearest.workload.parameters) "
            + "parameters in steps of \(nearest.workload.batchSize) samples"
        return belief
    }
}
