import Glibc

/// Finds the block device below a directory.
enum DiskDevice {
    /// Where the kernel tells what the device did; `nil` for a file system without one, such as one in memory or over a network.
    static func statisticsPath(of directory: String) -> String? {
        var status = stat()
        guard stat(directory, &status) == 0 else { return nil }
        let (major, minor) = numbers(of: UInt64(status.st_dev))
        if let path = path(major, minor) { return path }
        // File systems such as btrfs have numbers of their own, and name their device where they are mounted.
        guard let source = source(ofMount: "\(major):\(minor)"), stat(source, &status) == 0,
            status.st_mode & S_IFMT == S_IFBLK
        else { return nil }
        let device = numbers(of: UInt64(status.st_rdev))
        return path(device.major, device.minor)
    }

    private static func path(_ major: UInt64, _ minor: UInt64) -> String? {
        let path = "/sys/dev/block/\(major):\(minor)/stat"
        return access(path, R_OK) == 0 ? path : nil
    }

    /// As glibc's `major` and `minor`, which are macros.
    private static func numbers(of device: UInt64) -> (major: UInt64, minor: UInt64) {
        ((device >> 8) & 0xFFF | (device >> 32) & ~0xFFF, device & 0xFF | (device >> 12) & ~0xFF)
    }

    /// The source of the mount with these numbers, from `/proc/self/mountinfo`:
    /// `36 35 98:0 /root /point options [optional fields] - type source options`.
    private static func source(ofMount numbers: String) -> String? {
        for line in (ProcFile.text("/proc/self/mountinfo") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, fields[2] == numbers, let dash = fields.firstIndex(of: "-"), dash + 2 < fields.count
            else { continue }
            return fields[dash + 2].hasPrefix("/dev/") ? String(fields[dash + 2]) : nil
        }
        return nil
    }
}
