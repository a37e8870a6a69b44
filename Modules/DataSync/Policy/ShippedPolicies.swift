import Contracts
import Core

/// The policies that come with the program: one for each workload, and one for what belongs to no job.
enum ShippedPolicies {
    /// As they are written, comments and all.
    static let texts: [(name: String, text: String)] = [
        ("centralised", text(PackageResources.centralised_yaml)), ("default", text(PackageResources.default_yaml)),
        ("federated", text(PackageResources.federated_yaml)), ("inference", text(PackageResources.inference_yaml)),
        ("reinforcement", text(PackageResources.reinforcement_yaml)),
        ("transfer", text(PackageResources.transfer_yaml)),
    ]

    /// - Throws: for a shipped file that is not a policy, which the tests rule out.
    static func load() throws -> [NamedPolicy] {
        try texts.map { name, text in
            let document = try SyncPolicyDocument.read(text, source: "\(name).yaml")
            return NamedPolicy(name: document.metadata.name, spec: document.spec)
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
