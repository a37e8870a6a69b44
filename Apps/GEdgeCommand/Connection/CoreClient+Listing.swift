import Contracts
import Core
import MessageBus

extension CoreClient {
    /// Asks for resources page after page and hands each page to `body`, so that one is in memory at a time.
    /// - Parameter limit: the most items in all.
    func forEachPage(
        of kind: ResourceKind, _ query: ResourceQuery, limit: Int? = nil, _ body: (ResourceList) throws -> Void
    ) async throws {
        var query = query
        var rest = limit
        while true {
            query.limit = rest
            let page = try await call(ResourceContract.get(kind), query)
            try body(page)
            rest = rest.map { $0 - page.items.count }
            guard let next = page.continuation, rest.map({ $0 > 0 }) ?? true else { return }
            guard next != query.continuation else {
                throw CommandError("malformed", "the core ends its list of \(kind.plural) where it began")
            }
            query.continuation = next
        }
    }

    /// Every resource that `query` asks for, in one list.
    func list(_ kind: ResourceKind, _ query: ResourceQuery, limit: Int? = nil) async throws -> ResourceList {
        var list = ResourceList(columns: [], rows: [], items: [])
        try await forEachPage(of: kind, query, limit: limit) { page in
            list.columns = page.columns
            list.rows += page.rows
            list.items += page.items
        }
        return list
    }
}

extension CoreClient {
    /// Every site and link, of one moment.
    func topology() async throws -> TopologySnapshot {
        var snapshot: TopologySnapshot?
        for try await part in try await stream(TopologyContract.snapshotParts, Empty()) {
            if snapshot?.append(part.body) == nil { snapshot = part.body }
        }
        guard let snapshot else { throw CommandError("malformed", "the core tells of no topology; upgrade it") }
        return snapshot
    }
}
