import Core
import Glibc

/// The machine itself.
struct SystemMachine: Machine {
    func text(ofFile path: String) -> String? {
        // What cannot be read is not there for the doctor.
        guard let bytes = try? FileText.read(path, limit: 1 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    func status(of path: String) -> FileStatus? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return FileStatus(
            isDirectory: status.st_mode & S_IFMT == S_IFDIR, mode: status.st_mode & 0o7777, owner: status.st_uid,
            modified: Timestamp(
                milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000))
    }

    func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func canWrite(_ directory: String) -> Bool { access(directory, W_OK | X_OK) == 0 }

    func freeDisk(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    func version(of library: SharedLibrary) -> String? {
        guard let handle = dlopen(library.file, RTLD_LAZY | RTLD_LOCAL) else { return nil }
        switch library.probe {
        case .text(let symbol):
            typealias Function = @convention(c) () -> UnsafePointer<CChar>?
            guard let address = dlsym(handle, symbol) else { return nil }
            return unsafeBitCast(address, to: Function.self)().map { String(cString: $0) }
        case .openSSL:
            typealias Function = @convention(c) (CInt) -> UnsafePointer<CChar>?
            guard let address = dlsym(handle, "OpenSSL_version") else { return nil }
            return unsafeBitCast(address, to: Function.self)(0).map { String(cString: $0) }
        case .zeroMQ:
            typealias Version =
                @convention(c) (
                    UnsafeMutablePointer<CInt>, UnsafeMutablePointer<CInt>, UnsafeMutablePointer<CInt>
                ) -> Void
            typealias Has = @convention(c) (UnsafePointer<CChar>) -> CInt
            guard let version = dlsym(handle, "zmq_version"), let has = dlsym(handle, "zmq_has"),
                unsafeBitCast(has, to: Has.self)("curve") == 1
            else { return nil }
            var (major, minor, patch): (CInt, CInt, CInt) = (0, 0, 0)
            unsafeBitCast(version, to: Version.self)(&major, &minor, &patch)
            return "\(major).\(minor).\(patch)"
        case .hwloc:
            typealias Function = @convention(c) () -> CUnsignedInt
            guard let address = dlsym(handle, "hwloc_get_api_version") else { return nil }
            let version = unsafeBitCast(address, to: Function.self)()
            return "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)"
        }
    }

    var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
    var userID: UInt32 { geteuid() }

    var openFileLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    var now: Timestamp { SystemWallClock().now() }

    var executable: String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    func obstacle(onPort port: Int) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return SystemError.text(errno) }
        defer { close(descriptor) }
        // As ZeroMQ does, so that connections which are still being closed do not count.
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, listen(descriptor, 1) == 0 else { return SystemError.text(errno) }
        return nil
    }
}
