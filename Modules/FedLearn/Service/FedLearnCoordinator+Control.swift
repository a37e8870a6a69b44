import Contracts
import Core
import MessageBus
import Telemetry

/// Jobs that people pause, resume and cancel.
extension FedLearnCoordinator {
    nonisolated func registerControl() {
        bus.handle(FedLearnContract.control) { [self] (request: Inbound<JobControl>) -> Empty in
            try await control(request.body)
            return Empty()
        }
    }

    private func control(_ request: JobControl) async throws {
        let job = try job(named: request.job.text)
        switch (request.action, job.phase) {
        case (.pause, .paused), (.resume, .pending), (.resume, .running), (.cancel, .cancelled): return
        case (.pause, .pending), (.pause, .running):
            try await halt(job, as: .paused, "Paused", "an operator paused it")
        case (.cancel, .pending), (.cancel, .running), (.cancel, .paused):
            try await halt(job, as: .cancelled, "Cancelled", "an operator cancelled it; apply it again to go on")
        case (.resume, .paused):
            var job = job
            job.header.phase = job.header.initialManifest == nil ? .pending : .running
            job.header.set("Progressing", true, "Resumed", "an operator resumed it", at: wallClock.now())
            try await save(job)
            begin(job.name)
        case (.pause, .succeeded), (.pause, .failed), (.pause, .cancelled), (.cancel, .succeeded), (.cancel, .failed),
            (.resume, .succeeded), (.resume, .failed), (.resume, .cancelled):
            throw FedLearnError(
                "conflict",
                "job '\(job.name)' is over (\(job.phase.rawValue)), so there is nothing to \(request.action.rawValue)")
        }
        logger.notice("job controlled", ["job": job.name.text, "action": request.action.rawValue])
    }

    /// Stops a job's runner, then stores what the job is from then on.
    /// - Throws: `FedLearnError` `conflict` when it ended meanwhile.
    private func halt(_ job: Job, as phase: JobPhase, _ reason: String, _ message: String) async throws {
        try await withoutRunner(job) {
            // What is stored: a commit may have got through whose runner was stopped before it could show it.
            guard var halted = try await self.storage.job(job.uid), self.job(uid: job.uid, name: job.name) != nil else {
                throw FedLearnError.unknownJob(job.name.text)
            }
            guard !halted.phase.isTerminal else {
                throw FedLearnError(
                    "conflict", "job '\(job.name)' ended while it was being stopped: \(halted.phase.rawValue)")
            }
            halted.header.phase = phase
            halted.header.set("Progressing", false, reason, message, at: self.wallClock.now())
            if phase == .cancelled {
                try await JobRunner(coordinator: self, bus: self.bus, uid: job.uid, name: job.name).dropGathered(
                    &halted)
            }
            self.closeRound(of: job.uid)
            try await self.save(halted)
            await JobRunner(coordinator: self, bus: self.bus, uid: job.uid, name: job.name).tellEdges(halted)
        }
    }
}
