import Core

/// What an operator can say about placement.
public struct PlacementSettings: Codable, Sendable, Hashable {
    /// What each group may hold at the same time, by its name.
    public var quotas: [String: GroupQuota] = [:]
    /// A file with rules for training types that replace the shipped ones; empty for those.
    public var rules = ""
    /// How long a reservation lasts after its job was heard of. Jobs are heard of every five seconds.
    public var leaseSeconds = 30.0

    public init() {}

    /// - Throws: `PlacementError` `placement-invalid-value` for a value outside its range.
    public func validate() throws {
        _ = try groupQuotas
        guard leaseSeconds >= 15 && leaseSeconds <= 3600 else {
            throw PlacementError(.invalidValue, "placement.leaseSeconds must be 15 to 3600, not \(leaseSeconds)")
        }
    }

    var groupQuotas: [Name: GroupQuota] {
        get throws {
            var quotas: [Name: GroupQuota] = [:]
            for (group, quota) in self.quotas {
                do { quotas[try Name(group)] = quota } catch {
                    throw PlacementError(.invalidValue, "placement.quotas names the group '\(group)': \(error.message)")
                }
                guard (quota.gpus ?? 0) >= 0, (quota.jobs ?? 0) >= 0 else {
                    throw PlacementError(.invalidValue, "placement.quotas.\(group) must not be below 0")
                }
            }
            return quotas
        }
    }
}
