import Core

@testable import GEdgeCommand

/// A machine in perfect health, until a test makes it ill.
struct FakeMachine: Machine {
    static let now = Timestamp(milliseconds: 1_750_000_000_000)

    var files: [String: String] = [
        "/etc/os-release": "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
        "/proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:    8388608 kB\n",
        "/sys/fs/cgroup/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/memory.max": "max\n",
    ]
    var paths: [String: FileStatus] = [
        "/": directory(0o755, owner: 0), "/var/lib": directory(0o755, owner: 0),
        "/var/lib/gedge": directory(0o700, owner: 1000), "/usr/bin/core-cloud": file(0o755),
        "/usr/bin/edge-cloud": file(0o755), "/usr/bin/gedge": file(0o755),
    ]
    var names: [String: [String]] = [:]
    var freeBytes: Int? = 20 << 30
    var missing: Set<String> = []
    var oldVersion: String?
    var processors = 4
    var openFileLimit = 4096
    var takenPorts: Set<Int> = []
    var writable = true

    var userID: UInt32 { 1000 }
    var now: Timestamp { Self.now }
    var executable: String? { "/usr/bin/gedge" }

    static func directory(_ mode: UInt32, owner: UInt32) -> FileStatus {
        FileStatus(isDirectory: true, mode: mode, owner: owner, modified: now.advanced(by: .seconds(-60)))
    }

    static func file(_ mode: UInt32, modified: Timestamp = now.advanced(by: .seconds(-60))) -> FileStatus {
        FileStatus(isDirectory: false, mode: mode, owner: 1000, modified: modified)
    }

    func text(ofFile path: String) -> String? { files[path] }
    func status(of path: String) -> FileStatus? { paths[path] }
    func entries(of directory: String) -> [String] { names[directory] ?? [] }
    func canWrite(_ directory: String) -> Bool { writable }
    func freeDisk(at path: String) -> Int? { freeBytes }
    func obstacle(onPort port: Int) -> String? { takenPorts.contains(port) ? "Address already in use" : nil }

    func version(of library: SharedLibrary) -> String? {
        if missing.contains(library.package) { return nil }
        return oldVersion ?? "Version " + library.minimum.map(String.init).joined(separator: ".")
    }
}
