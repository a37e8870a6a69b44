import Core
import Glibc

/// A thread of the system that runs one closure and can be waited for. For loops around a blocking C call.
final class JoinableThread: @unchecked Sendable {
    // @unchecked: `id` is written in init only; `join` is called once, by the owner.
    private var id = pthread_t()

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// - Parameter name: as `top -H` shows it; the kernel keeps 15 bytes.
    /// - Throws: `SecurityError` `native` when the system refuses a thread.
    init(name: String, body: @escaping @Sendable () -> Void) throws(SecurityError) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = pthread_create(
            &id, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                ThreadName.set(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw SecurityError(.native, "the system refused a thread (errno \(status)); raise the limit on threads")
        }
    }

    /// Waits until the closure has returned. Call it once.
    func join() { pthread_join(id, nil) }
}
