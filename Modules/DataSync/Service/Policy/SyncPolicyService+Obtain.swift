import Contracts
import Core
import MessageBus

extension SyncPolicyService {
    /// What is held for people who fetched it from an edge; `RetentionKeeper` lets go of it after an hour.
    static let obtainedPrefix = "obtained/"

    /// Fetches a version of an edge's data set, if the rules allow.
    ///
    /// The rules are asked whether or not the edge has such a version, so that a refusal says nothing about that and is in
    /// the audit either way.
    /// - Throws: `DataSyncError` `refused` or `deferred` with the rule; what the edge says when it has no such version.
    func obtain(_ request: ObtainRequest, trace: TraceID) async throws -> ObtainReply {
        let (reference, source) = (request.reference, PeerID(request.from))
        let found = await version(reference, at: source, trace: trace)
        // `try?`: without a version the audit names none.
        let version = try? found.get()
        let documented = datasets[reference.dataset]?.document.spec.artefact
        let tags = TransferTags(
            artefact: version?.artefact ?? documented ?? .rawData, dataset: reference.dataset,
            records: version?.records)
        let ask = TransferAsk(
            manifest: version?.manifest ?? .unknown, peer: source, tags: tags, bytes: version?.rawBytes)
        switch try await gate.mayFetch(ask) {
        case .allow: break
        case .refuse(let rule, let reason):
            throw DataSyncError(.refused, "\(rule) refuses \(reference) from '\(source)': \(reason)")
        case .defer(let until, let rule):
            throw DataSyncError(
                .deferred, "\(rule) holds \(reference) from '\(source)' back until \(until); ask again then",
                isRetriable: true)
        }
        let wanted = try found.get()
        let reply = try await bus.call(
            DataSyncContract.fetch,
            FetchRequest(
                manifest: wanted.manifest, source: source,
                reference: "\(Self.obtainedPrefix)\(source)/\(wanted.reference)", maximumBytes: wanted.rawBytes,
                tags: tags),
            timeout: .seconds(86_400), trace: trace
        ).body
        return ObtainReply(manifest: wanted.manifest, rawBytes: wanted.rawBytes, movedBytes: reply.movedBytes)
    }

    /// The version as the edge knows it.
    private func version(
        _ reference: DatasetReference, at source: PeerID, trace: TraceID
    ) async -> Result<DatasetVersion, any Error> {
        do {
            let versions = try await bus.call(
                DataSyncContract.versions, VersionsQuery(dataset: reference.dataset), to: .peer(source), trace: trace
            ).body.versions
            let found = versions.last { reference.version == nil || $0.reference.version == reference.version }
            guard let found else {
                throw DataSyncError(.notFound, "'\(source)' has no \(reference)")
            }
            return .success(found)
        } catch { return .failure(error) }
    }
}

extension Digest {
    /// Stands for a manifest that nobody knows.
    fileprivate static let unknown: Digest = {
        guard let digest = Digest(hex: String(repeating: "0", count: 64)) else { preconditionFailure("64 digits") }
        return digest
    }()
}
