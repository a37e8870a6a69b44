/// The life of one transfer: pure. Events come in any order and any number; the answer is what to do.
///
/// What it keeps, whatever happens: shards move only between `begin` and an end, never while paused; it is complete only
/// after every shard was verified and held in one commit; after its release nothing is done for it any more.
struct TransferMachine: Sendable, Hashable {
    enum Phase: Sendable, Hashable, CaseIterable {
        /// Waits for its turn, its manifest or its source.
        case waiting
        case moving
        /// A person stopped it; what came is kept.
        case paused
        /// Everything is here; its commit is under way.
        case committing
        case complete
        case failed
        case released

        var isOver: Bool { self == .complete || self == .failed || self == .released }
    }

    enum Event: Sendable, Hashable, CaseIterable {
        /// The source answered and something is missing.
        case ready
        /// Nothing is missing any more.
        case allPresent
        /// The commit found everything and holds it.
        case held
        /// The commit found something gone.
        case incomplete
        case pause
        case resume
        /// An attempt failed and another one follows.
        case interrupted
        /// The last attempt failed.
        case gaveUp
        case release
    }

    enum Action: Sendable, Hashable {
        case none
        /// Ask for what is missing.
        case begin
        /// End what is under way; keep what came.
        case stop
        case commit
        /// Tell whoever asked.
        case announce
    }

    private(set) var phase = Phase.waiting
    /// What comes after a pause that began during the commit is the commit's own answer: a commit is never taken back.
    private(set) var pausesNext = false

    mutating func handle(_ event: Event) -> Action {
        switch (phase, event) {
        case (.complete, _), (.failed, _), (.released, _): return .none
        case (_, .release):
            let wasMoving = phase == .moving
            phase = .released
            return wasMoving ? .stop : .none
        case (.committing, .held):
            phase = .complete
            return .announce
        case (.committing, .incomplete):
            phase = pausesNext ? .paused : .waiting
            pausesNext = false
            return .none
        case (.committing, .pause):
            pausesNext = true
            return .none
        case (.committing, .resume):
            pausesNext = false
            return .none
        case (_, .gaveUp):
            let wasMoving = phase == .moving
            phase = .failed
            return wasMoving ? .stop : .announce
        case (.waiting, .ready):
            phase = .moving
            return .begin
        case (.waiting, .allPresent), (.moving, .allPresent):
            phase = .committing
            return .commit
        case (.waiting, .pause):
            phase = .paused
            return .none
        case (.moving, .pause):
            phase = .paused
            return .stop
        case (.paused, .resume):
            phase = .waiting
            return .none
        case (.moving, .interrupted), (.committing, .interrupted):
            phase = pausesNext ? .paused : .waiting
            pausesNext = false
            return .stop
        default: return .none
        }
    }
}
