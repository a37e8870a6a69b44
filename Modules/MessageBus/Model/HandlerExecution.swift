/// Where a handler runs.
public enum HandlerExecution: Sendable, Hashable {
    /// On the cooperative pool, beside all other tasks.
    case pool
    /// On the bus's own thread, which saves two changes of thread (10 to 20 µs a call). Everything else of the bus waits
    /// meanwhile: only for handlers that answer from memory within microseconds and neither block nor compute.
    case inline
}
