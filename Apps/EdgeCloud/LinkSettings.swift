import Contracts
import DaemonKit

/// What an operator says of the way between an edge and the core.
public struct LinkSettings: Codable, Sendable, Hashable {
    /// What a gigabyte costs, in any one currency; nothing is known without it.
    public var costPerGigabyte: Double?

    public init() {}

    /// - Throws: `DaemonError` `invalid` for a value outside its range.
    func validate() throws {
        guard let costPerGigabyte else { return }
        guard (0...1e9).contains(costPerGigabyte) else {
            throw DaemonError("invalid", "link.costPerGigabyte must be 0 to 1000000000, not \(costPerGigabyte)")
        }
    }

    /// What the core is told.
    var report: LinkReport? { costPerGigabyte.map { LinkReport(costPerGigabyte: $0) } }
}
