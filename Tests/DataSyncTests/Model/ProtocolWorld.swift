import Contracts
import Core
import Store
import TestKit
import Testing

@testable import DataSync

/// Several that fetch what has shards and leaves in common, into one store, by the product's own machine and commits; a step at a
/// time, in whatever order a test says, with everything that can go wrong in between.
struct ProtocolWorld {
    /// One that fetches a manifest for an owner of its own.
    private struct Fetcher {
        let request: FetchRequest
        let manifest: Manifest
        var machine = TransferMachine()
        var isHeld = false
        /// What is asked of the source: the shard, and which leaves are counted on.
        var asked: [(shard: Digest, present: Set<LeafKey>)] = []

        mutating func restart() {
            machine = TransferMachine()
            isHeld = false
            asked = []
        }
    }

    /// What a step may be.
    enum Step: CaseIterable {
        case goOn, damagedArrival, pause, resume, cancel, release, forget, reclaim, storm, flip, scrub, read
    }

    private(set) var store: TestStore
    private(set) var directory: TemporaryDirectory
    private(set) var facts: ProtocolFacts
    private var fetchers: [Fetcher]
    /// Shards that a release left without a name.
    private var unnamed: [Digest] = []
    private let now = Timestamp(milliseconds: 1)

    init(_ content: ProtocolContent) async throws {
        facts = ProtocolFacts(content)
        directory = try TemporaryDirectory("model", inMemory: true)
        store = try await Self.open(directory)
        // Two of them fetch the same.
        fetchers = (content.manifests + content.manifests.prefix(1)).enumerated().map { number, manifest in
            Fetcher(
                request: FetchRequest(
                    manifest: manifest.digest, source: .core, reference: "owner-\(number)/", maximumBytes: 1 << 20),
                manifest: manifest)
        }
    }

    static func open(_ directory: TemporaryDirectory) async throws -> TestStore {
        try await TestStore.open(directory.path) { $0.segmentBytes = 2000 }
    }

    func image() throws -> StoreImage { try StoreImage(of: directory.path) }

    func close() async { await store.database.close() }

    /// Goes on after a crash that left `image`, of which `facts` must be true.
    mutating func restart(from image: StoreImage, _ facts: ProtocolFacts) async throws {
        await close()
        directory = try TemporaryDirectory("model", inMemory: true)
        try image.write(to: directory.path)
        store = try await Self.open(directory)
        self.facts = facts
        unnamed = []
        for index in fetchers.indices { fetchers[index].restart() }
        try await tidy(store)
        try await noteFlips()
    }

    /// Compares the store with the facts, right after a restart; whatever was flipped is found.
    mutating func check(_ place: String) async throws {
        try await facts.check(store, isTidy: true, place)
        try await noteLosses()
        try await noteFlips()
    }

    /// What a service does when it starts.
    func tidy(_ store: TestStore) async throws {
        try await store.database.write { try Catalogue(connection: $0).forgetWanted() }
        _ = try await store.shards.removeUnnamed()
    }

    // MARK: Steps

    mutating func take(_ step: Step, _ random: inout SplitMix64) async throws {
        let index = Int.random(in: fetchers.indices, using: &random)
        let owner = fetchers[index].request.reference
        switch step {
        case .goOn: try await goOn(index, &random)
        case .damagedArrival:
            guard fetchers[index].machine.phase == .moving, let ask = fetchers[index].asked.first else { return }
            let shard = try facts.content.damaged(ask.shard, present: ask.present, &random)
            let isHere = try await store.shards.missing([ask.shard]).isEmpty
            let refused = try await store.shards.accept([shard])
            #expect(refused[ask.shard]?.is(.corruptShard) == true)
            #expect(try await store.shards.missing([ask.shard]).isEmpty == isHere)
            // The source is given up; the rest is asked for anew.
            _ = fetchers[index].machine.handle(.interrupted)
        case .pause: _ = fetchers[index].machine.handle(.pause)
        case .resume: _ = fetchers[index].machine.handle(.resume)
        case .cancel: _ = fetchers[index].machine.handle(.release)
        case .release:
            let gone = try await store.database.write { try Catalogue(connection: $0).release(prefix: owner).shards }
            facts.release(owner)
            unnamed += gone
        case .forget:
            let part = Array(unnamed.prefix(3))
            unnamed.removeFirst(part.count)
            // As `removeUnnamed`, but for the space, which `reclaim` frees.
            try await store.database.write { connection in
                for shard in part where try !Catalogue(connection: connection).isNamed(LeafKey(shard)) {
                    try ShardIndex(connection: connection).drop(LeafKey(shard))
                }
            }
        case .reclaim: try await store.shards.reclaim()
        case .storm: try await storm(&random)
        case .flip: try await flip(&random)
        case .scrub:
            let report = try await store.shards.scrub()
            for key in report.damaged { facts.lose(shards(with: key)) }
            #expect(report.damaged.allSatisfy { key in facts.flipped.contains { $0.record.leaf.key == key } })
        case .read: try await read(&random)
        }
        try await noteFlips()
    }

    /// The next step of one that fetches, as its machine has it.
    private mutating func goOn(_ index: Int, _ random: inout SplitMix64) async throws {
        switch fetchers[index].machine.phase {
        case .waiting: try await attempt(index)
        case .moving:
            let count = min(fetchers[index].asked.count, Int.random(in: 1...2, using: &random))
            let part = Array(fetchers[index].asked.prefix(count))
            fetchers[index].asked.removeFirst(count)
            let refused = try await store.shards.accept(
                part.map { try facts.content.arrived($0.shard, present: $0.present) })
            note(part.map(\.shard), refused)
            fetchers[index].asked += part.filter { refused[$0.shard] != nil }.map { ($0.shard, []) }
            // Everything came: the next attempt finds it here.
            if fetchers[index].asked.isEmpty { _ = fetchers[index].machine.handle(.interrupted) }
        case .committing: try await commit(index)
        case .paused: break
        case .complete, .failed, .released: fetchers[index].restart()
        }
    }

    private mutating func attempt(_ index: Int) async throws {
        let (request, manifest, isHeld) = (fetchers[index].request, fetchers[index].manifest, fetchers[index].isHeld)
        do {
            let entry = try await store.database.read { connection in
                let catalogue = Catalogue(connection: connection)
                if isHeld { try catalogue.checkHeld(request) }
                return try catalogue.entry(request.manifest)
            }
            if entry == nil {
                try await store.database.write { [now] connection in
                    let catalogue = Catalogue(connection: connection)
                    try catalogue.setTransfer(request.manifest, .wanted, from: request.source, now: now)
                    try catalogue.enter(manifest, for: request, now: now)
                }
                hold(index)
            }
            let missing = try await store.shards.missing(manifest.shards.map(\.digest))
            if missing.isEmpty {
                #expect(fetchers[index].machine.handle(.allPresent) == .commit)
                return
            }
            let isHere = try await store.database.write { [now, fetchers] connection in
                try Catalogue(connection: connection).setMoving(
                    request, wasHeld: fetchers[index].isHeld, now: now)
            }
            guard isHere else { return }
            hold(index)
            #expect(fetchers[index].machine.handle(.ready) == .begin)
            var asked: [(Digest, Set<LeafKey>)] = []
            for shard in manifest.shards.map(\.digest) where missing.contains(shard) {
                let keys = facts.content.lists[shard]?.leaves.map(\.key) ?? []
                asked.append((shard, try await store.shards.held(keys)))
            }
            fetchers[index].asked = asked
        } catch let error as DataSyncError where error.is(.missing) {
            fail(index)
        }
    }

    private mutating func commit(_ index: Int) async throws {
        let (request, manifest, isHeld) = (fetchers[index].request, fetchers[index].manifest, fetchers[index].isHeld)
        do {
            let isComplete = try await store.database.write { [now] connection in
                try Catalogue(connection: connection).setComplete(request, manifest, wasHeld: isHeld, now: now)
            }
            let action = fetchers[index].machine.handle(isComplete ? .held : .incomplete)
            guard isComplete else { return }
            #expect(action == .announce)
            hold(index)
            facts.complete.insert(request.reference)
        } catch let error as DataSyncError where error.is(.missing) { fail(index) }
    }

    private mutating func hold(_ index: Int) {
        fetchers[index].isHeld = true
        facts.held[fetchers[index].request.reference] = fetchers[index].request.manifest
    }

    /// It ends only if its own owner released it.
    private mutating func fail(_ index: Int) {
        #expect(fetchers[index].isHeld && facts.held[fetchers[index].request.reference] == nil)
        _ = fetchers[index].machine.handle(.gaveUp)
    }

    private mutating func note(_ shards: [Digest], _ refused: [Digest: DataSyncError]) {
        #expect(refused.values.allSatisfy { $0.is(.missing) && $0.isRetriable })
        facts.stored.formUnion(shards.filter { refused[$0] == nil && facts.named.contains($0) })
    }

    /// All that move something do it at once, while what nothing names goes.
    private mutating func storm(_ random: inout SplitMix64) async throws {
        var parts: [(index: Int, shards: [ArrivedShard])] = []
        for index in fetchers.indices where fetchers[index].machine.phase == .moving {
            let shards = try fetchers[index].asked.map { try facts.content.arrived($0.shard, present: $0.present) }
            parts.append((index, shards))
        }
        let gone = unnamed
        unnamed = []
        let store = store
        let answers = try await withThrowingTaskGroup(of: (Int, [Digest: DataSyncError]).self) { group in
            for (index, shards) in parts { group.addTask { (index, try await store.shards.accept(shards)) } }
            group.addTask {
                try await store.shards.removeUnnamed(gone)
                return (-1, [:])
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, shards) in parts {
            let refused = answers[index] ?? [:]
            note(shards.map(\.digest), refused)
            fetchers[index].asked = refused.keys.map { ($0, []) }
            if refused.isEmpty { _ = fetchers[index].machine.handle(.interrupted) }
        }
    }

    // MARK: Damage at rest

    private mutating func flip(_ random: inout SplitMix64) async throws {
        let rows = try await store.database.read {
            try ShardIndex(connection: $0).leaves(from: LeafPosition(0), through: LeafPosition(.max), count: .max)
        }
        guard let row = rows.randomElement(using: &random) else { return }
        try store.shards.files.flip(
            row.position.segment, at: row.position.offset + 48 + Int.random(in: 0..<row.record.stored, using: &random),
            bit: Int.random(in: 0...7, using: &random))
        facts.flipped.insert(row)
    }

    private mutating func read(_ random: inout SplitMix64) async throws {
        guard let shard = try await store.shards.digests().sorted(by: { $0.hex < $1.hex }).randomElement(using: &random)
        else { return }
        do {
            let bytes = try await store.shards.array(shard)
            #expect(bytes == facts.content.bytes[shard])
        } catch let error as DataSyncError {
            #expect(error.is(.corruptShard) && facts.isFlipped(shard), "\(error)")
            try await noteLosses()
        }
    }

    /// Every shard with a leaf that was found damaged is forgotten.
    private mutating func noteLosses() async throws {
        let left = Set(try await store.shards.digests())
        facts.lose(facts.content.lists.keys.filter { facts.isFlipped($0) && !left.contains($0) })
    }

    private func shards(with key: LeafKey) -> [Digest] {
        facts.content.lists.filter { $0.value.leaves.contains { $0.key == key } }.map(\.key)
    }

    /// A damaged record that is no leaf's any more is no matter.
    private mutating func noteFlips() async throws {
        guard !facts.flipped.isEmpty else { return }
        let flipped = facts.flipped
        let rest = try await store.database.read { connection in
            try flipped.filter { try ShardIndex(connection: connection).leaf($0.record.leaf.key) == $0 }
        }
        facts.flipped = rest
    }
}
