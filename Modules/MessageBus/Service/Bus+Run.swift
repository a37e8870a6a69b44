extension Bus {
    /// Serves until the calling task is cancelled: moves the bytes, keeps the connections, and runs every handler as a child
    /// of this call. At its end it cancels the handlers, says goodbye to every peer, and waits at most
    /// `BusConfiguration.drain` until they have taken what was sent. Run a bus once.
    /// - Throws: `BusError` `misuse` when it ran before, `native` when the system refuses a thread.
    public func run() async throws {
        let thread = try loop.start()
        // The body runs where the sockets are, so that starting a handler costs no change of thread.
        await withTaskExecutorPreference(loop) {
            await withDiscardingTaskGroup { group in
                while let batch = await inbox.next() {
                    for execution in batch {
                        let executor: any TaskExecutor = execution == .inline ? loop : globalConcurrentExecutor
                        group.addTask(executorPreference: executor) { [inbox] in await inbox.work(execution) }
                    }
                }
                // Reached by cancellation only, which has reached the handlers as well; the group waits for them.
                group.cancelAll()
            }
        }
        await loop.stop()
        // The thread has done all its work: this does not wait.
        thread.join()
        roster.close()
        handlers.removeAll()
    }
}
