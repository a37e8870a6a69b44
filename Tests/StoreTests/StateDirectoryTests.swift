import Foundation
import Glibc
import Store
import TestKit
import Testing

@Suite struct StateDirectoryTests {
    private static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func createdForTheOwnerOnlyWithItsParents() throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("a/b/state")
        let directory = try StateDirectory(path + "/")
        #expect(directory.path == path)
        #expect(try Self.mode(path) == 0o700)
        let keys = try directory.subdirectory("keys")
        #expect(keys == path + "/keys")
        #expect(try Self.mode(keys) == 0o700)
        #expect(try directory.subdirectory("keys") == keys)
        #expect(directory.file("core.db") == path + "/core.db")
    }

    @Test func ownedByOneAtATime() throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("state")
        do {
            let first = try StateDirectory(path)
            let error = #expect(throws: StoreError.self) { try StateDirectory(path) }
            #expect(error?.kind == .lockedByOtherProcess)
            #expect(error?.message.contains("\(getpid())") == true)
            withExtendedLifetime(first) {}
        }
        _ = try StateDirectory(path)
    }

    /// What a child has between `fork` and `exec`: the same open file.
    @Test func aCopyOfTheDescriptorDoesNotKeepTheLock() throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("state")
        var copy: Int32 = -1
        do {
            let directory = try StateDirectory(path)
            let lock = try #require(
                FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).first {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
                        + "/lock"
                })
            copy = fcntl(lock, F_DUPFD_CLOEXEC, 0)
            withExtendedLifetime(directory) {}
        }
        #expect(copy >= 0)
        defer { close(copy) }
        _ = try StateDirectory(path)
    }

    @Test(arguments: [0o755, 0o750, 0o701]) func openToOthersIsRefused(_ mode: Int) throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("state")
        #expect(mkdir(path, 0o700) == 0 && chmod(path, mode_t(mode)) == 0)
        let error = #expect(throws: StoreError.self) { try StateDirectory(path) }
        #expect(error?.kind == .unsafePermissions)
        #expect(error?.message.contains("chmod 700 \(path)") == true)
        #expect(chmod(path, 0o700) == 0)
        _ = try StateDirectory(path)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to give a directory away"))
    func anotherUsersIsRefused() throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("state")
        #expect(mkdir(path, 0o700) == 0 && chown(path, 4242, 4242) == 0)
        let error = #expect(throws: StoreError.self) { try StateDirectory(path) }
        #expect(error?.kind == .unsafePermissions)
        #expect(error?.message.contains("4242") == true)
    }

    @Test func aFileInItsPlaceIsRefused() throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("state")
        try DurableFile.write([1], to: path)
        let error = #expect(throws: StoreError.self) { try StateDirectory(path) }
        #expect(error?.kind == .io)
        #expect(error?.message.contains("not a directory") == true)
    }

    @Test func durableFilesReplaceWhole() throws {
        let temporary = try TemporaryDirectory("store")
        let path = temporary.file("key")
        for content: [UInt8] in [[1, 2, 3], [], Array(repeating: 9, count: 100_000)] {
            try DurableFile.write(content, to: path)
            #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == content)
            #expect(try Self.mode(path) == 0o600)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == ["key"])
        #expect(throws: StoreError.self) { try DurableFile.write([1], to: temporary.file("no/where")) }
    }
}
