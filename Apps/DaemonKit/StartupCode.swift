import Glibc

/// Code that only the start of a daemon needed, or an hour of work that is over.
public enum StartupCode {
    /// Releases such code once the first connections are made, and then every hour, until cancelled.
    public static func keepReleased(clock: some Clock<Duration> = ContinuousClock()) async throws {
        try await clock.sleep(for: .seconds(2))
        while true {
            release()
            try await clock.sleep(for: .seconds(3600))
        }
    }

    /// Gives back the pages of code that are in memory by now: what goes on being used comes back from the page cache as it
    /// is touched, which takes microseconds, and the rest (parsers, migrations, reflection) some megabytes in all, is not
    /// held for the daemon's life.
    ///
    /// Only executable mappings of files are touched. They are never written to, so nothing can be lost; a mapping that is
    /// refused stays as it is.
    static func release() {
        guard let maps = fopen("/proc/self/maps", "re") else { return }
        defer { fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, maps) > 0, let text = line {
            // 7f52a4000000-7f52a4228000 r-xp 00000000 08:01 1835034  /path
            guard let mapping = executableFileMapping(String(cString: text)) else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: mapping.lowerBound), mapping.count, MADV_DONTNEED)
        }
    }

    /// The addresses of a line of `/proc/self/maps` that maps a file for execution and not for writing.
    static func executableFileMapping(_ line: String) -> Range<UInt>? {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.count >= 6, words[1] == "r-xp", words[5].hasPrefix("/") else { return nil }
        let bounds = words[0].split(separator: "-")
        guard bounds.count == 2, let lower = UInt(bounds[0], radix: 16), let upper = UInt(bounds[1], radix: 16),
            lower < upper
        else { return nil }
        return lower..<upper
    }
}
