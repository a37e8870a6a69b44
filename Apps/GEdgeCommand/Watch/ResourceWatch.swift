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
                for try await item in try await core.stream(ResourceContract.watch(kind), ResourceName(name: name)) {
                    if let result = try await body(item.body) { return result }
                }
                return nil
            } catch let error as any ModuleError where error.isRetriable {
                try await onInterruption(error)
                try await core.reconnected(within: patience)
                // A core that answers and fails at once must not be asked as fast as it can.
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
