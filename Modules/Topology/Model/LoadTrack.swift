import Contracts
import Core

/// What the core has heard of one edge's load since it joined, and the rules by which it believes the next report.
///
/// Whatever order reports come in, however often, the load is that of the newest one in the edge's own order that could be
/// taken.
struct LoadTrack: Sendable {
    /// What became of a report.
    enum Outcome: Sendable, Hashable {
        /// The load is the report's now.
        case taken
        /// It came before.
        case duplicate
        /// A newer one came before.
        case late
        /// It builds on one that is not here, or belongs to another run of the edge.
        case baseless
        /// It says what cannot be: which, in words.
        case refused(String)
    }

    /// A clock that is further ahead of the core's, or behind it, is not believed. Behind is more, because reports travel.
    static let aheadTolerance: Duration = .seconds(2)
    static let behindTolerance: Duration = .seconds(10)

    private(set) var load: LoadReport
    private(set) var state: ReportingState
    /// When the last believable report came, since the arbitrary start that `now` is.
    private(set) var heard: Duration
    let epoch: Int?
    /// The newest report whose load this is; 0 for the join report, -1 when that could not be believed.
    private var sequence = 0

    /// An edge joined.
    init(_ report: SiteReport, now: Duration, time: Timestamp) {
        load = report.load
        epoch = report.epoch
        heard = now
        state = ReportingState(measured: time)
        if let fault = LoadPlausibility.fault(load, on: report.hardware) {
            load = LoadReport(cpu: 1, availableMemory: 0, freeDisk: 0, resident: 0)
            sequence = -1
            _ = refuse(fault)
        }
    }

    /// Takes a report, or does not.
    /// - Parameters:
    ///   - hardware: what the edge said in its join report.
    ///   - now: time since an arbitrary start, from a clock that does not jump.
    ///   - time: by the core's clock.
    mutating func receive(
        _ update: LoadUpdate, hardware: Hardware, now: Duration, time: Timestamp
    ) -> Outcome {
        guard update.epoch == epoch else {
            state.baseless += 1
            return .baseless
        }
        if update.sequence == sequence {
            state.duplicates += 1
            return .duplicate
        }
        if update.sequence < sequence {
            state.late += 1
            return .late
        }
        var candidate = load
        if let base = update.base {
            guard base == sequence else {
                state.baseless += 1
                return .baseless
            }
            candidate.apply(update.changes)
        } else {
            guard let complete = LoadReport(complete: update.changes) else {
                return refuse("a report that builds on none lacks cpu, availableMemory, freeDisk or resident")
            }
            candidate = complete
        }
        if let fault = LoadPlausibility.fault(candidate, on: hardware) { return refuse(fault) }
        load = candidate
        sequence = update.sequence
        heard = now
        state.taken += 1
        setMeasured(update.time, time)
        return .taken
    }

    /// Takes a whole load from an edge whose reports have no order of their own.
    mutating func receive(whole load: LoadReport, hardware: Hardware, now: Duration, time: Timestamp) -> Outcome {
        if let fault = LoadPlausibility.fault(load, on: hardware) { return refuse(fault) }
        self.load = load
        heard = now
        state.taken += 1
        state.measured = time
        return .taken
    }

    /// The state as it is to be told at `now`.
    /// - Parameter patience: how long a report counts as fresh.
    func state(now: Duration, patience: Duration) -> ReportingState {
        var state = state
        state.staleSince = now - heard > patience ? state.measured : nil
        return state
    }

    private mutating func refuse(_ fault: String) -> Outcome {
        state.refused += 1
        state.lastRefusal = fault
        return .refused(fault)
    }

    /// The edge's own time when its clock can be believed; never later than the core's, or a load would be younger than new.
    private mutating func setMeasured(_ claimed: Timestamp, _ time: Timestamp) {
        let (difference, overflow) = claimed.milliseconds.subtractingReportingOverflow(time.milliseconds)
        let isSkewed =
            overflow || difference > Self.aheadTolerance.milliseconds || difference < -Self.behindTolerance.milliseconds
        state.clockSkewSeconds = isSkewed ? Double(claimed.milliseconds) / 1000 - Double(time.milliseconds) / 1000 : nil
        state.measured = isSkewed ? time : min(claimed, time)
    }
}

extension LoadReport {
    /// The load that `changes` tells alone; `nil` when one of the figures that every machine has is missing.
    init?(complete changes: LoadChanges) {
        guard let cpu = changes.cpu, let availableMemory = changes.availableMemory, let freeDisk = changes.freeDisk,
            let resident = changes.resident
        else { return nil }
        self.init(
            cpu: cpu, availableMemory: availableMemory, freeDisk: freeDisk, resident: resident,
            daemonCPU: changes.daemonCPU, pressure: changes.pressure, disk: changes.disk, network: changes.network,
            gpus: changes.gpus)
    }

    /// Replaces the figures that `changes` has.
    mutating func apply(_ changes: LoadChanges) {
        cpu = changes.cpu ?? cpu
        availableMemory = changes.availableMemory ?? availableMemory
        freeDisk = changes.freeDisk ?? freeDisk
        resident = changes.resident ?? resident
        daemonCPU = changes.daemonCPU ?? daemonCPU
        pressure = changes.pressure ?? pressure
        disk = changes.disk ?? disk
        network = changes.network ?? network
        gpus = changes.gpus ?? gpus
    }
}
