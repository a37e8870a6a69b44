import Contracts
import Core
import Foundation
import Store
import TestKit
import Testing

@testable import DataSync

/// The life of transfers and the store's commits, in every order of their steps that chance finds, with a crash after each: no
/// unverified byte is ever visible, no verified one is lost, and nothing is collected that somebody holds.
@Suite struct ProtocolModelTests {
    /// Orders that are tried; `GEDGE_MODEL_SCHEDULES` for more.
    private static let schedules =
        ProcessInfo.processInfo.environment["GEDGE_MODEL_SCHEDULES"].flatMap { Int($0) } ?? 24
    private static let steps = 80
    private static let workers = 4

    /// How often each step comes, in a hundred.
    private static let weights: [(step: ProtocolWorld.Step, weight: Int)] = [
        (.goOn, 50), (.damagedArrival, 6), (.pause, 3), (.resume, 5), (.cancel, 2), (.release, 8), (.forget, 6),
        (.reclaim, 5),
        (.storm, 5), (.flip, 3), (.scrub, 3), (.read, 4),
    ]

    private static func step(_ random: inout SplitMix64) -> ProtocolWorld.Step {
        var number = Int.random(in: 0..<weights.reduce(0) { $0 + $1.weight }, using: &random)
        for (step, weight) in weights {
            if number < weight { return step }
            number -= weight
        }
        return .goOn
    }

    @Test(arguments: 0..<workers) func noOrderOfStepsAndCrashesLosesOrInvents(_ worker: Int) async throws {
        var seeds = SeededGenerator(test: "model \(worker)")
        var crashes = 0
        for _ in 0..<max(1, Self.schedules / Self.workers) {
            let seed = seeds.next()
            crashes += try await Self.run(seed)
        }
        #expect(crashes > Self.steps / 2)
    }

    /// - Returns: how many crashes there were.
    private static func run(_ seed: UInt64) async throws -> Int {
        var random = SplitMix64(seed: seed)
        var world = try await ProtocolWorld(.shared())
        var crashes = 0
        for number in 0..<steps {
            let step = step(&random)
            let (before, old) = (try world.image(), world.facts)
            try await world.take(step, &random)
            let (after, new) = (try world.image(), world.facts)
            func place(_ what: String) -> String { "schedule \(seed), step \(number) (\(step)), \(what)" }
            // What was flipped is on the disk at once, whatever becomes of the transactions.
            var lost = old
            lost.flipped.formUnion(new.flipped)
            let (image, facts, what): (StoreImage, ProtocolFacts, String)
            // In a storm space is freed that a transaction of the same step gave up: they are not lost apart.
            switch step == .storm ? 4 : Int.random(in: 0..<5, using: &random) {
            case 0: (image, facts, what) = (before.losingTransactions(since: after), lost, "its transactions lost")
            case 1:
                let kept = Int.random(in: 0...before.growth(to: after), using: &random)
                (image, facts, what) = (before.losingTransactions(since: after, kept: kept), lost, "\(kept) bytes kept")
            case 2: (image, facts, what) = (before.losingBlocks(since: after, &random), lost, "blocks lost")
            case 3:
                // A step of several transactions may keep the first of them.
                guard step != .goOn, step != .reclaim, let torn = before.tearingTheLog(of: after, &random) else {
                    fallthrough
                }
                (image, facts, what) = (torn, lost, "the log torn")
            default: (image, facts, what) = (after, new, "whole")
            }
            crashes += 1
            try await crash(world, image, facts, place(what), &random)
            if Int.random(in: 0..<12, using: &random) == 0 {
                try await world.restart(from: image, facts)
                try await world.check(place("gone on after \(what)"))
            }
        }
        await world.close()
        return crashes
    }

    /// A store that a crash left comes back to the facts, also if it crashes again while it does.
    private static func crash(
        _ world: ProtocolWorld, _ image: StoreImage, _ facts: ProtocolFacts, _ place: String, _ random: inout SplitMix64
    ) async throws {
        var image = image
        for isLast in [false, true] {
            let directory = try TemporaryDirectory("model-crash", inMemory: true)
            try image.write(to: directory.path)
            let store = try await ProtocolWorld.open(directory)
            if !isLast, Int.random(in: 0..<4, using: &random) == 0 {
                await store.database.close()
                image = image.losingTransactions(since: try StoreImage(of: directory.path))
                continue
            }
            try await world.tidy(store)
            try await facts.check(store, isTidy: true, place)
            await store.database.close()
            return
        }
    }

    /// Appended records are cut off at every byte, with and without the transaction that knows of them.
    @Test func aTailTornAtAnyByteIsCutOff() async throws {
        let content = try ProtocolContent(leaves: [30, 9, 17], shards: [[0], [1, 2]], manifests: [[0], [1]])
        let directory = try TemporaryDirectory("model", inMemory: true)
        let store = try await ProtocolWorld.open(directory)
        var facts = ProtocolFacts(content)
        func keep(_ number: Int) async throws {
            let manifest = content.manifests[number]
            let request = FetchRequest(
                manifest: manifest.digest, source: .core, reference: "\(number)/", maximumBytes: 1 << 20)
            try await store.database.write { connection in
                let catalogue = Catalogue(connection: connection)
                try catalogue.enter(manifest, for: request, now: Timestamp(milliseconds: 1))
            }
            facts.held[request.reference] = manifest.digest
        }
        try await keep(0)
        try await keep(1)
        let first = try content.arrived(content.manifests[0].shards[0].digest, present: [])
        #expect(try await store.shards.accept([first]).isEmpty)
        facts.stored = [first.digest]
        let before = try StoreImage(of: directory.path)
        let second = try content.arrived(content.manifests[1].shards[0].digest, present: [])
        #expect(try await store.shards.accept([second]).isEmpty)
        let after = try StoreImage(of: directory.path)
        await store.database.close()
        let growth = before.growth(to: after)
        #expect(growth == 48 + 9 + 48 + 17)
        for kept in 0...growth {
            let copy = try TemporaryDirectory("model-crash", inMemory: true)
            try before.losingTransactions(since: after, kept: kept).write(to: copy.path)
            let again = try await ProtocolWorld.open(copy)
            try await facts.check(again, isTidy: true, "\(kept) bytes kept")
            // It goes on where it was.
            #expect(try await again.shards.accept([second]).isEmpty)
            #expect(try await again.shards.array(second.digest) == content.bytes[second.digest])
            #expect(try await again.problems() == [])
            await again.database.close()
        }
    }
}
