import Contracts
import Core
import YAMLKit

/// A `SyncPolicy` as its user writes it.
struct SyncPolicyDocument: Codable, Sendable, Hashable {
    struct Metadata: Codable, Sendable, Hashable {
        var name: Name
        var labels: [String: String]?
        /// Written by the platform; here so that what `gedge get -o yaml` prints can be applied again.
        var created: Timestamp?
        var uid: String?
    }

    var apiVersion: String
    var kind: String
    var metadata: Metadata
    var spec: SyncPolicySpec
    /// Written by the platform; read and dropped.
    var status: JSONValue?

    /// Reads a document and checks its rules.
    /// - Throws: `YAMLError` for what is not a policy; `DataSyncError` `invalid-policy` with every fault and its line.
    static func read(_ text: String, source: String, firstLine: Int = 1) throws -> SyncPolicyDocument {
        let root = try YAML.document(text, source: source, firstLine: firstLine).root
        var document = try YAML.decode(SyncPolicyDocument.self, from: root)
        let places = ruleLocations(root)
        var faults = ResourceRecord.headFaults(of: root, expecting: .syncPolicy)
        faults += PolicyCheck.faults(of: document.spec) { index in
            (places.indices.contains(index) ? places[index] : root.location).description
        }
        guard faults.isEmpty else { throw DataSyncError(.invalidPolicy, faults.joined(separator: "; ")) }
        document.status = nil
        document.metadata.created = nil
        document.metadata.uid = nil
        return document
    }

    private static func ruleLocations(_ root: YAMLNode) -> [SourceLocation] {
        guard let rules = root["spec"]?["rules"] else { return [] }
        guard case .sequence(let items) = rules.content, !items.isEmpty else { return [rules.location] }
        return items.map(\.location)
    }
}
