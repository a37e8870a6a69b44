import Contracts
import Core

extension DataCommand {
    static let prefetch = Command(
        "data", "prefetch", topic: .data, summary: "have an edge fetch a version before it is wanted",
        details: """
            The edge fetches it from the core behind everything else, as its rules allow, and keeps it in its cache (cache.bytes in its
            configuration): a job or a person that wants it there later need not wait. 'gedge sync status --edge NAME' shows how far it is.
            """,
        examples: [
            "gedge data prefetch demo/digits/train@2 --to edge-1",
            "gedge data prefetch demo/zoo/base --to edge-1 --cancel",
        ],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME[@N]"))],
        flags: [
            Flag("to", .edge, isRepeatable: true, "the edge that is to have it; may be repeated"),
            Flag("cancel", "it will not be wanted after all"),
        ]
    ) { invocation, context in
        let reference = try invocation.dataset(0)
        let edges = try invocation.texts("to").map { text in
            do { return try Name(text.hasPrefix("edge/") ? String(text.dropFirst(5)) : text) } catch {
                throw CommandError.usage("flag --to: \(Failure(error).message)")
            }
        }
        guard !edges.isEmpty else { throw CommandError.usage("name the edge that is to have it: --to NAME") }
        let isCancelled = invocation.has("cancel")
        return try await CoreClient.with(context) { core in
            let versions = try await core.call(
                DataSyncContract.versions, VersionsQuery(dataset: reference.dataset)
            ).versions
            let found = versions.last { reference.version == nil || $0.reference.version == reference.version }
            guard let version = found else {
                throw CommandError.notFound("there is no \(reference); 'gedge data ls' has what there is")
            }
            for edge in edges {
                let state: PrefetchReply.State
                if isCancelled {
                    let order = PrefetchCancellation(manifest: version.manifest, edge: edge)
                    state = try await core.call(DataSyncContract.cancelPrefetch, order).state
                } else {
                    let order = PrefetchRequest(
                        manifest: version.manifest,
                        tags: TransferTags(
                            artefact: version.artefact, dataset: reference.dataset, records: version.records),
                        maximumBytes: version.rawBytes, edge: edge)
                    state = try await core.call(DataSyncContract.prefetch, order).state
                }
                try context.console.print(
                    "dataset/\(version.reference) \(words(state, isCancelled, edge)) (\(NumberText.bytes(version.rawBytes)))"
                )
            }
            return .success
        }
    }

    private static func words(_ state: PrefetchReply.State, _ isCancelled: Bool, _ edge: Name) -> String {
        switch state {
        case .present: "is at \(edge) already"
        case .fetching: isCancelled ? "is not fetched by \(edge) any more" : "is being fetched by \(edge)"
        case .none: "was not being fetched by \(edge)"
        }
    }
}
