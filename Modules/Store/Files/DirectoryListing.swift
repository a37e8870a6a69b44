import Glibc

/// What is in a directory.
package enum DirectoryListing {
    /// The names in the directory at `path`, without `.` and `..`, in no order.
    package static func names(in path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw StoreError(errno: errno, doing: "list", path: path) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw StoreError(errno: errno, doing: "list", path: path) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }
}
