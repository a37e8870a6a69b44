import Glibc

/// The standard metrics of a process, under Prometheus' own names.
public enum ProcessMetrics {
    /// Adds resident memory, processor time, open files and the number of threads to `registry`; they are read from
    /// `/proc` when the text is written.
    public static func register(in registry: MetricsRegistry) {
        registry.gauge("process_resident_memory_bytes", help: "Resident memory size in bytes.") {
            Double(residentBytes)
        }
        registry.counter("process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.") {
            var usage = rusage()
            guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
            return seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        registry.gauge("process_open_fds", help: "Number of open file descriptors.") {
            Double(entries(of: "/proc/self/fd"))
        }
        registry.gauge("process_threads", help: "Number of threads.") { Double(entries(of: "/proc/self/task")) }
    }

    /// The bytes of memory the process holds now; 0 when the system does not say.
    public static var residentBytes: Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return 0 }
        let fields = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }

    private static func entries(of path: String) -> Int {
        guard let directory = opendir(path) else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) { if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 } }
        return count
    }
}
