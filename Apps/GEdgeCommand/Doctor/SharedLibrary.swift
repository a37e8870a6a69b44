/// A library that the platform's programs load, and the Debian package that has it.
struct SharedLibrary: Sendable, Hashable {
    /// How the library is asked for its version.
    enum Probe: Sendable, Hashable {
        /// A function without arguments that returns a text.
        case text(symbol: String)
        /// `OpenSSL_version(int)`.
        case openSSL
        /// `zmq_version(int *, int *, int *)`; a build without CURVE counts as missing.
        case zeroMQ
        /// `hwloc_get_api_version()`: a byte for each of three numbers.
        case hwloc
    }

    let file: String
    let package: String
    /// The oldest version that is known to work.
    let minimum: [Int]
    let probe: Probe

    static let all = [
        SharedLibrary(file: "libzmq.so.5", package: "libzmq5", minimum: [4, 3, 2], probe: .zeroMQ),
        SharedLibrary(
            file: "libsqlite3.so.0", package: "libsqlite3-0", minimum: [3, 35, 0],
            probe: .text(symbol: "sqlite3_libversion")),
        SharedLibrary(
            file: "libopenblas.so.0", package: "libopenblas0", minimum: [0, 3, 0],
            probe: .text(symbol: "openblas_get_config")),
        SharedLibrary(
            file: "liblz4.so.1", package: "liblz4-1", minimum: [1, 9, 0], probe: .text(symbol: "LZ4_versionString")),
        SharedLibrary(
            file: "libyaml-0.so.2", package: "libyaml-0-2", minimum: [0, 2, 0],
            probe: .text(symbol: "yaml_get_version_string")),
        SharedLibrary(file: "libz.so.1", package: "zlib1g", minimum: [1, 2, 0], probe: .text(symbol: "zlibVersion")),
        SharedLibrary(file: "libcrypto.so.3", package: "libssl3", minimum: [3, 0, 0], probe: .openSSL),
        SharedLibrary(file: "libhwloc.so.15", package: "libhwloc15", minimum: [2, 5, 0], probe: .hwloc),
    ]

    /// The first dotted number in `text`, as `[3, 0, 15]` in `OpenSSL 3.0.15 3 Sep 2024`.
    static func numbers(in text: String) -> [Int] {
        for word in text.split(separator: " ") {
            let parts = word.split(separator: ".", omittingEmptySubsequences: false).map { part in
                Int(part.prefix { $0.isASCII && $0.isNumber })
            }
            if parts.count > 1, parts[0] != nil { return parts.prefix { $0 != nil }.compactMap { $0 } }
        }
        return []
    }

    /// Whether `text` names at least the minimum.
    func isRecentEnough(_ text: String) -> Bool {
        let found = Self.numbers(in: text)
        return !found.isEmpty && !found.lexicographicallyPrecedes(minimum)
    }
}
