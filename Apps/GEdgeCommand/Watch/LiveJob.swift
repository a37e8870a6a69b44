import Contracts
import Core

/// Draws a job on an interactive terminal until it ends.
struct LiveJob: Sendable {
    let watch: ResourceWatch
    let console: Console

    private enum Event: Sendable {
        case changed(JobView)
        case interrupted(String)
        case tick
    }

    /// - Throws: what the watch throws; `CommandError` when the job is deleted.
    func run() async throws -> ExitCode {
        let start = ContinuousClock.now
        let (events, feed) = AsyncThrowingStream<Event, any Error>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    let _: Bool? = try await watch.run(
                        onInterruption: { _ in feed.yield(.interrupted("The core went away; waiting for it.")) },
                        { record in
                            feed.yield(.changed(try JobView(record)))
                            return nil
                        })
                    feed.finish(throwing: CommandError.notFound("job/\(watch.name) was deleted"))
                } catch {
                    feed.finish(throwing: error)
                }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: .milliseconds(250))
                    feed.yield(.tick)
                }
            }
            defer { group.cancelAll() }
            var display = JobDisplay(
                palette: console.palette, width: console.output.width, height: console.output.height)
            for try await event in events {
                let now = ContinuousClock.now - start
                switch event {
                case .changed(let job):
                    try console.output.write(display.show(job, at: now))
                    if job.status.phase.isTerminal { return job.status.phase == .succeeded ? .success : .failed }
                case .interrupted(let notice): try console.output.write(display.interrupt(notice, at: now))
                case .tick: try console.output.write(display.tick(at: now, width: console.output.width))
                }
            }
            throw CancellationError()
        }
    }
}
