import Contracts
import Core
import MessageBus

extension SyncPolicyService {
    nonisolated func registerDatasetResource() {
        bus.handle(ResourceContract.apply(.dataset)) { [self] (request: Inbound<ApplyRequest>) -> ApplyReply in
            let body = request.body
            let document = try DatasetDocument.read(body.text, source: body.source, firstLine: body.firstLine)
            if let policy = document.spec.sync { try await check(policy, source: body.source) }
            let outcome = try await apply(document, isDryRun: body.isDryRun)
            return ApplyReply(name: document.dataset.description, outcome: outcome)
        }
        bus.handle(ResourceContract.get(.dataset)) { [self] (request: Inbound<ResourceQuery>) -> ResourceList in
            try await listDatasets(request.body)
        }
        bus.handle(ResourceContract.describe(.dataset)) { [self] (request: Inbound<ResourceName>) -> TextReply in
            let shown = try await dataset(named: request.body.name)
            let versions = try await versions(of: shown.name)
            return TextReply(text: shown.describe(versions))
        }
        bus.handle(ResourceContract.explain(.dataset)) { (request: Inbound<ExplainRequest>) -> TextReply in
            TextReply(text: try FieldDocumentation.dataset.text(for: request.body.path))
        }
        bus.handle(ResourceContract.delete(.dataset)) { [self] (request: Inbound<ResourceName>) -> Empty in
            let shown = try await dataset(named: request.body.name)
            if shown.entry != nil {
                // Refused when a version is pinned; then the document stays too.
                _ = try await bus.call(
                    DataSyncContract.removeVersion, DatasetReference(shown.name), timeout: .seconds(60),
                    trace: request.trace)
            }
            try await remove(dataset: shown.name)
            return Empty()
        }
    }

    private func check(_ policy: Name, source: String) throws {
        let names = inForce.map(\.name.text)
        guard !names.contains(policy.text) else { return }
        throw DataSyncError(
            .notFound,
            "\(source): spec.sync names policy '\(policy)', which there is not"
                + NearestName.hint(for: policy.text, among: names, noun: "policies"))
    }

    /// Every data set that has a document or a version, by name.
    private func shownDatasets() async throws -> [ShownDataset] {
        let entries: [CatalogueEntry]
        do { entries = try await bus.call(DataSyncContract.catalogue, CatalogueQuery()).body.datasets } catch let error
            as BusError where error.is(.unknownSubject)
        {
            entries = []  // Nothing here stores data sets.
        }
        let known = Dictionary(entries.map { ($0.dataset, $0) }) { $1 }
        return Set(known.keys).union(datasets.keys).sorted().map { name in
            ShownDataset(name: name, stored: datasets[name], entry: known[name])
        }
    }

    private func dataset(named text: String) async throws -> ShownDataset {
        let name = try DatasetName(text)
        let all = try await shownDatasets()
        guard let shown = all.first(where: { $0.name == name }) else {
            let hint = NearestName.hint(for: text, among: all.map(\.name.description), noun: "data sets")
            throw DataSyncError(.notFound, "there is no data set '\(name)'\(hint)")
        }
        return shown
    }

    private func versions(of name: DatasetName) async throws -> [DatasetVersion] {
        do {
            return try await bus.call(DataSyncContract.versions, VersionsQuery(dataset: name)).body.versions
        } catch let error as any ModuleError where ["not-found", "missing", "unknown-subject"].contains(error.code) {
            return []  // Only its document is there.
        }
    }

    private func listDatasets(_ query: ResourceQuery) async throws -> ResourceList {
        var page = ResourcePage(columns: ShownDataset.columns, limit: query.limit)
        if let name = query.name {
            let shown = try await dataset(named: name)
            _ = page.add(try shown.record(), row: shown.row)
            return page.answer()
        }
        let start = try query.continuation.map { try DatasetName($0) }
        var last = query.continuation
        for shown in try await shownDatasets() {
            if let start, shown.name <= start { continue }
            if let group = query.group, shown.name.group != group { continue }
            if let project = query.project, shown.name.project != project { continue }
            guard page.add(try shown.record(), row: shown.row) else { return page.answer(continuation: last) }
            last = shown.name.description
        }
        return page.answer()
    }
}
