import CCurl
import Glibc
import Synchronization

/// The process's libcurl, opened when it is first needed.
struct Curl: @unchecked Sendable {
    // @unchecked: pointers to functions, which never change once they are found.
    var library: gedge_curl
    /// As `CURL_VERSION_BITS` writes it: 0x075801 is 7.88.1.
    let version: UInt32

    /// The first release that signs every header and S3's hash of the payload.
    static let firstSigningVersion: UInt32 = 0x07_58_00

    private static let opened = Mutex<Result<Curl, HTTPError>?>(nil)

    /// - Throws: `HTTPError` `libcurl-unavailable` when it is not installed.
    static func shared() throws(HTTPError) -> Curl {
        let result = opened.withLock { opened in
            if let opened { return opened }
            let result = open()
            opened = result
            return result
        }
        return try result.get()
    }

    private static func open() -> Result<Curl, HTTPError> {
        var library = gedge_curl()
        guard gedge_curl_load(&library) == 0 else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason was given"
            return .failure(
                HTTPError(
                    .libraryMissing,
                    "libcurl cannot be loaded (\(reason)); install it, on Debian with: apt-get install libcurl4"))
        }
        guard gedge_curl_global_init(&library) == CURLE_OK, let info = gedge_curl_version(&library) else {
            return .failure(
                HTTPError(.libraryMissing, "libcurl does not start; reinstall it: apt-get install libcurl4"))
        }
        return .success(Curl(library: library, version: info.pointee.version_num))
    }

    /// What libcurl says about one of its codes.
    func text(_ code: CURLcode) -> String {
        library.easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }
}
