import Contracts
import Core
import MessageBus

/// Follows one resource through every change, and through the core's absences.
struct ResourceWatch: Sendable {
    let core: CoreClient
    let kind: ResourceKind
    let name: String
    /// How long the core may be away before the watch gives up.
    var patience: Duration = .seconds(120)

    /// Hands the resource to `body` now and after every change until `body` returns something.
    /// - Parameter onInterruption: told when the core went away and the watch waits for it.
    /// - Returns: what `body` returned, or `nil` when the resource was deleted.
    /// - Throws: the failure of the core (`not-found` among them), or of `body`.
    func run<Result>(
        onInterruption: (any Error) async throws -> Void = { _ in },
        _ body: (ResourceRecord) async throws -> Result?
    ) async throws -> Result? {
        while true {
            do {
                return try await kind == .trainingJob || kind == .edge ? follow(body) : poll(body)
            } catch let error as any ModuleError where error.isRetriable {
                try await onInterruption(error)
                try await core.reconnected(within: patience)
                // A core that answers and fails at once must not be asked as fast as it can.
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func follow<Result>(_ body: (ResourceRecord) async throws -> Result?) async throws -> Result? {
        for try await item in try await core.stream(ResourceContract.watch(kind), ResourceName(name: name)) {
            if let result = try await body(item.body) { return result }
        }
        // A core that stops in good order ends its streams too: only asking tells whether the resource is gone.
        do { _ = try await core.call(ResourceContract.get(kind), ResourceQuery(name: name)) } catch {
            if ExitCode(error) == .notFound { return nil }
            throw error
        }
        throw Failure(
            code: "interrupted", message: "the core ended the watch of \(kind.word)/\(name)", isRetriable: true)
    }

    /// For the kinds whose resources hardly ever change.
    private func poll<Result>(_ body: (ResourceRecord) async throws -> Result?) async throws -> Result? {
        var shown: ResourceRecord?
        while true {
            let list: ResourceList
            do { list = try await core.call(ResourceContract.get(kind), ResourceQuery(name: name)) } catch {
                if shown != nil, ExitCode(error) == .notFound { return nil }
                throw error
            }
            if let record = list.items.first, record != shown {
                shown = record
                if let result = try await body(record) { return result }
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
