public import Contracts

// The first example of docs/adding-a-message.md, word for word.

extension TopologyContract {
    /// Anyone to core: how many sites are in each phase.
    public static let census = Call<CensusRequest, Census>("topology.census")
}

public struct CensusRequest: Codable, Sendable {
    /// Only sites whose names start with this.
    public var prefix: String

    public init(prefix: String = "") { self.prefix = prefix }
}

public struct Census: Codable, Sendable {
    /// Sites by phase.
    public var sites: [String: Int]

    public init(sites: [String: Int]) { self.sites = sites }
}
