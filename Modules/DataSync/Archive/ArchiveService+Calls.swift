public import Contracts
public import MessageBus
import Store

extension ArchiveService {
    /// Registers what operators ask of the archive. Before `Bus.run`.
    public func register(on bus: Bus) {
        bus.handle(DataSyncContract.archive) { [self] _ in try await overview() }
        bus.handleStream(DataSyncContract.archiveRestore) { [self] request, writer in
            let body = request.body
            _ = try await restore(body.manifest, reference: body.reference, trusting: body.signer) { progress in
                try await writer.send(progress)
            }
        }
        bus.handleStream(DataSyncContract.archiveVerify) { [self] request, writer in
            try await verify(request.body) { progress in try await writer.send(progress) }
        }
    }

    /// Answers the same questions on a core without an archive: with what is to be configured.
    public static func registerNone(on bus: Bus) {
        let none = DataSyncError(
            .invalidRequest, "this core has no archive; name its object store in the configuration (archive.endpoint)")
        bus.handle(DataSyncContract.archive) { _ -> ArchiveReply in throw none }
        bus.handleStream(DataSyncContract.archiveRestore) { _, _ in throw none }
        bus.handleStream(DataSyncContract.archiveVerify) { _, _ in throw none }
    }

    /// What is archived, and what waits to be.
    public func overview() async throws -> ArchiveReply {
        let waiting = try await waiting().count
        var manifests: [ArchivedManifest] = []
        for digest in try await archive.list() {
            let (isHere, owners) = try await database.read { connection in
                (
                    try Catalogue(connection: connection).entry(digest)?.isComplete ?? false,
                    try connection.query(
                        "SELECT owner FROM datasync_references WHERE manifest = ? ORDER BY owner", digest.hex
                    ) { try $0.string(0) }
                )
            }
            // What is not kept here is asked of the archive.
            let references = owners.isEmpty ? try await archive.references(of: digest) : owners
            manifests.append(ArchivedManifest(manifest: digest, references: references, isHere: isHere))
        }
        return ArchiveReply(archive: archive.name, waiting: waiting, failure: lastFailure, manifests: manifests)
    }

    private func verify(
        _ request: ArchiveVerifyRequest, progress: @Sendable (ArchiveProgress) async throws -> Void
    ) async throws {
        let total = try await archive.manifest(request.manifest).rawBytes
        let counter = ProgressCounter(total: total)
        let damaged = try await archive.verify(request.manifest) { bytes in
            try await progress(counter.advance(by: bytes))
        }
        var last = counter.advance(by: 0)
        last.damaged = damaged.keys.sorted { $0.hex < $1.hex }
        last.lost = last.damaged
        if request.repairs, !damaged.isEmpty {
            last.lost = try await archive.repair(request.manifest, from: local).lost.sorted { $0.hex < $1.hex }
        }
        last.isDone = true
        try await progress(last)
    }
}
