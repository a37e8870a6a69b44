import Contracts
import Core
import DataSync
import Testing

@Suite struct FileManifestTests {
    static let dangerous: [String] = [
        "", "/etc/passwd", "..", "../a", "a/../b", "a/..", ".", "./a", "a/.", "a//b", "a/", "/", "a\0b",
        String(repeating: "x", count: 256), String(repeating: "x/", count: 600) + "x",
    ]

    private func check(_ paths: [String], size: Int = 0) throws {
        let manifest = Manifest(
            files: paths.map { FileSpec(path: $0, size: size, mode: 0o644, modified: 0) }, shards: [])
        _ = try ManifestRules().check(manifest, maximumBytes: 0)
    }

    @Test(arguments: dangerous) func anUnsafePathIsRefused(_ path: String) throws {
        let error = #expect(throws: DataSyncError.self) { try check([path]) }
        #expect(error?.is(.invalidManifest) == true)
        #expect((error?.message.utf8.count ?? 0) < 400)
    }

    @Test func pathsStandInOrderOnceAndApart() throws {
        try check(["a", "a.b", "a0", "b/c", "b/d", "é", "한글/파일"])
        // Two ways to write one letter are two files.
        try check(["e\u{301}", "\u{e9}"])
        for paths in [["b", "a"], ["a", "a"], ["a", "a.b", "a/b"], ["a/b", "a/b/c/d"]] {
            let error = #expect(throws: DataSyncError.self, "\(paths)") { try check(paths) }
            #expect(error?.is(.invalidManifest) == true)
        }
    }

    @Test func modesAndSizesAreBounded() throws {
        let wrong = [
            FileSpec(path: "a", size: 0, mode: 0o4755, modified: 0),
            FileSpec(path: "a", size: 0, mode: -1, modified: 0),
            FileSpec(path: "a", size: -1, mode: 0o644, modified: 0),
        ]
        for file in wrong {
            #expect(throws: DataSyncError.self) {
                try ManifestRules().check(Manifest(files: [file], shards: []), maximumBytes: 0)
            }
        }
        let huge = ["a", "b", "c"].map { FileSpec(path: $0, size: .max / 2, mode: 0o644, modified: 0) }
        let error = #expect(throws: DataSyncError.self) {
            try ManifestRules().check(Manifest(files: huge, shards: []), maximumBytes: .max)
        }
        #expect(error?.is(.tooLarge) == true)
        let many = Array(repeating: FileSpec(path: "a", size: 0, mode: 0o644, modified: 0), count: 1_000_000)
        #expect(throws: DataSyncError.self) {
            try ManifestRules().check(Manifest(files: many, shards: []), maximumBytes: 0)
        }
    }

    /// Random lists of paths, checked against a plain statement of the rules.
    @Test func rulesAgreeWithTheirStatement() throws {
        var random = SplitMix64(seed: 11)
        let parts = ["a", "b", ".", "..", "", "a.b", "c"]
        for _ in 0..<3000 {
            let paths = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
                    .joined(separator: "/")
            }.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            let isSound =
                paths.allSatisfy { path in
                    !path.isEmpty
                        && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                            !["", ".", ".."].contains($0)
                        }
                } && Set(paths).count == paths.count
                && !paths.contains { path in paths.contains { $0.hasPrefix(path + "/") } }
            var isAccepted = true
            do { try check(paths) } catch is DataSyncError { isAccepted = false }
            #expect(isAccepted == isSound, "\(paths)")
        }
    }
}
