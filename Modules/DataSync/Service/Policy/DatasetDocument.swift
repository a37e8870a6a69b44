import Contracts
import Core
import YAMLKit

/// A `Dataset` as its user writes it.
struct DatasetDocument: Codable, Sendable, Hashable {
    struct Metadata: Codable, Sendable, Hashable {
        var group: Name
        var project: Name
        var name: Name
        var labels: [String: String]?
        /// Written by the platform; here so that what `gedge get -o yaml` prints can be applied again.
        var created: Timestamp?
        var uid: String?

        private enum CodingKeys: String, CodingKey { case group, project, name, labels, created, uid }

        init(_ dataset: DatasetName, labels: [String: String]? = nil) {
            (group, project, name) = (dataset.group, dataset.project, dataset.name)
            self.labels = labels
        }

        /// `name` may be the whole `group/project/name`, as `gedge get` prints it.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            group = try container.decode(Name.self, forKey: .group)
            project = try container.decode(Name.self, forKey: .project)
            let text = try container.decode(String.self, forKey: .name)
            let prefix = "\(group)/\(project)/"
            do { name = try Name(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text) } catch {
                throw DecodingError.dataCorruptedError(
                    forKey: .name, in: container, debugDescription: Failure(error).message)
            }
            labels = try container.decodeIfPresent([String: String].self, forKey: .labels)
            created = try container.decodeIfPresent(Timestamp.self, forKey: .created)
            uid = try container.decodeIfPresent(String.self, forKey: .uid)
        }
    }

    var apiVersion: String
    var kind: String
    var metadata: Metadata
    var spec: DatasetSpec
    /// Written by the platform; read and dropped.
    var status: JSONValue?

    var dataset: DatasetName {
        DatasetName(group: metadata.group, project: metadata.project, name: metadata.name)
    }

    /// Reads a document.
    /// - Throws: `YAMLError` for what is not a data set; `DataSyncError` `invalid-request` with every fault.
    static func read(_ text: String, source: String, firstLine: Int) throws -> DatasetDocument {
        let root = try YAML.document(text, source: source, firstLine: firstLine).root
        var document = try YAML.decode(DatasetDocument.self, from: root)
        let faults = ResourceRecord.headFaults(of: root, expecting: .dataset)
        guard faults.isEmpty else { throw DataSyncError(.invalidRequest, faults.joined(separator: "; ")) }
        document.status = nil
        document.metadata.created = nil
        document.metadata.uid = nil
        return document
    }
}
