import Core

/// What the doctor may ask of the machine; a port, so that tests can make it ill.
protocol Machine: Sendable {
    /// The text of a small file, or `nil` when it cannot be read.
    func text(ofFile path: String) -> String?
    /// What is at `path`, following links; `nil` when there is nothing.
    func status(of path: String) -> FileStatus?
    /// The names in a directory; empty when it cannot be read.
    func entries(of directory: String) -> [String]
    /// Whether this process may write in a directory.
    func canWrite(_ directory: String) -> Bool
    /// Bytes this account may still write below `path`, which exists; `nil` when unknown.
    func freeDisk(at path: String) -> Int?
    /// The version that a shared library gives; `nil` when the library cannot be loaded.
    func version(of library: SharedLibrary) -> String?
    /// Hardware threads this process may use.
    var processors: Int { get }
    var userID: UInt32 { get }
    /// How many files a process may have open at once.
    var openFileLimit: Int { get }
    var now: Timestamp { get }
    /// Where the program that runs lies.
    var executable: String? { get }
    /// The reason why nobody can listen on this loopback port; `nil` when it is free.
    func obstacle(onPort port: Int) -> String?
}

/// What is at a path.
struct FileStatus: Sendable, Hashable {
    let isDirectory: Bool
    /// The permission bits.
    let mode: UInt32
    let owner: UInt32
    let modified: Timestamp
}
