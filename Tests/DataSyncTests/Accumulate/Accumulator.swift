import Contracts
import Core
import MessageBus
import Store
import Testing

@testable import DataSync

/// A cloud that data is appended to.
extension Cloud {
    static func dataset() throws -> DatasetName { try DatasetName("demo/line/one") }

    @discardableResult
    func append(
        _ text: String, format: RecordFormat = .lines, producer: String? = nil, at offset: Int? = nil,
        artefact: Artefact? = nil, isAnonymised: Bool? = nil
    ) async throws -> AppendReply {
        try await service.append(
            Array(text.utf8).withUnsafeBytes { ShardBytes(copying: $0) },
            AppendRequest(
                dataset: Self.dataset(), format: format, producer: producer, offset: offset, artefact: artefact,
                isAnonymised: isAnonymised))
    }

    func append(files path: String, as target: String? = nil) async throws {
        try await service.append(
            files: AppendFilesRequest(dataset: Self.dataset(), path: path, target: target))
    }

    /// The files of a version, or of the newest one.
    func files(_ version: DatasetVersion? = nil) async throws -> [String: [UInt8]] {
        let name = try Self.dataset()
        let newest: DatasetVersion
        if let version {
            newest = version
        } else {
            newest = try await database.read {
                try VersionTable(connection: $0).version(DatasetReference(name))
            }
        }
        let manifest = try await service.manifest(newest.manifest)
        var stream: [UInt8] = []
        for shard in manifest.shards { stream += try await shards.array(shard.digest) }
        var files: [String: [UInt8]] = [:]
        var offset = 0
        for file in manifest.files {
            files[file.path] = Array(stream[offset..<offset + file.size])
            offset += file.size
        }
        #expect(offset == stream.count)
        return files
    }

    /// Everything that was appended as records, in order.
    func records(_ version: DatasetVersion? = nil) async throws -> [UInt8] {
        try await files(version).filter { $0.key.hasPrefix("records/") }.sorted { $0.key < $1.key }.flatMap(\.value)
    }

    func open() async throws -> OpenData { try await service.open(Self.dataset()) }
}
