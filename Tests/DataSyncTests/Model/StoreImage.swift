import Core
import Foundation
import Store
import TestKit

/// What a kill or a power loss leaves of a store: the bytes of its files at one moment.
struct StoreImage: Sendable {
    private static let database = ["state.db", "state.db-wal"]
    private var database: [String: Data] = [:]
    private var segments: [String: Data] = [:]

    /// Of a directory in which nothing is under way.
    init(of directory: String) throws {
        for name in Self.database where FileManager.default.fileExists(atPath: "\(directory)/\(name)") {
            database[name] = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
        let folder = "\(directory)/shards/segments"
        for name in try DirectoryListing.names(in: folder) {
            segments[name] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
    }

    /// Bytes that the files of `later` have beyond these ones.
    func growth(to later: StoreImage) -> Int {
        later.segments.reduce(0) { $0 + max(0, $1.value.count - (segments[$1.key]?.count ?? 0)) }
    }

    /// What is left when the transactions after this image are lost, but not what was done to the segments.
    /// - Parameter kept: of the bytes that were appended since, how many came to the disk; the rest was cut off.
    func losingTransactions(since later: StoreImage, kept: Int = .max) -> StoreImage {
        var image = self
        image.segments = [:]
        var rest = kept
        for (name, bytes) in later.segments.sorted(by: { $0.key < $1.key }) {
            let known = segments[name]?.count ?? 0
            let appended = min(rest, max(0, bytes.count - known))
            rest -= appended
            image.segments[name] = bytes.prefix(min(bytes.count, known) + appended)
        }
        return image
    }

    /// The same, where blocks in what was appended never came to the disk, or come back as something else.
    func losingBlocks(since later: StoreImage, _ random: inout SplitMix64) -> StoreImage {
        var image = losingTransactions(since: later)
        for (name, bytes) in image.segments {
            let known = segments[name]?.count ?? 0
            guard bytes.count > known else { continue }
            let start = Int.random(in: known..<bytes.count, using: &random)
            let end = Int.random(in: start...bytes.count, using: &random)
            let isZero = Bool.random(using: &random)
            for index in start..<end {
                image.segments[name]?[index] = isZero ? 0 : UInt8.random(in: 0...255, using: &random)
            }
        }
        return image
    }

    /// What is left when the last transaction is cut off in the middle of its log; `nil` where that log does not show it.
    func tearingTheLog(of later: StoreImage, _ random: inout SplitMix64) -> StoreImage? {
        let log = Self.database[1]
        guard let old = database[log], let new = later.database[log], new.count > old.count,
            new.prefix(old.count) == old,
            database[Self.database[0]] == later.database[Self.database[0]]
        else { return nil }
        var image = losingTransactions(since: later)
        image.database[log] = new.prefix(Int.random(in: old.count..<new.count, using: &random))
        return image
    }

    func write(to directory: String) throws {
        for folder in ["shards", "shards/segments"] {
            try StateDirectory.makePrivate("\(directory)/\(folder)", parents: false)
        }
        for (name, bytes) in database { try bytes.write(to: URL(fileURLWithPath: "\(directory)/\(name)")) }
        for (name, bytes) in segments {
            try bytes.write(to: URL(fileURLWithPath: "\(directory)/shards/segments/\(name)"))
        }
    }
}
