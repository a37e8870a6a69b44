import Core

/// Looks a machine over before GEdge runs on it. Pure but for the machine it is given.
struct Doctor: Sendable {
    let machine: any Machine
    let environment: [String: String]
    let stateDirectory: String
    /// The first of the core's four ports.
    let port: Int
    /// Whether a core answers.
    let coreAnswers: Bool

    /// Every finding about the machine itself, in the order in which a person would look.
    func examine() -> [Finding] {
        [system()] + SharedLibrary.all.map(library) + [
            programs(), processors(), memory(), disk(), openFiles(), clock(),
        ]
            + [state()] + keys() + [ports()]
    }

    private func system() -> Finding {
        let lines = (machine.text(ofFile: "/etc/os-release") ?? "").split(separator: "\n")
        func value(_ key: String) -> String? {
            lines.first { $0.hasPrefix("\(key)=") }.map { $0.dropFirst(key.count + 1).filter { $0 != "\"" } }
        }
        let name = TextWidth.printable(value("PRETTY_NAME") ?? "unknown")
        if value("ID") == "debian", value("VERSION_ID") == "12" { return .ok("system", name) }
        return .warn(
            "system", "\(name); GEdge is tested on Debian 12", fix: "run the tests with Tools/test before relying on it"
        )
    }

    private func library(_ library: SharedLibrary) -> Finding {
        let fix = "sudo apt-get install \(library.package)"
        guard let version = machine.version(of: library) else {
            let reason = library.probe == .zeroMQ ? "is missing or was built without CURVE" : "is missing"
            return .fail("library", "\(library.file) \(reason)", fix: fix)
        }
        let numbers = SharedLibrary.numbers(in: version).map(String.init).joined(separator: ".")
        guard library.isRecentEnough(version) else {
            let minimum = library.minimum.map(String.init).joined(separator: ".")
            return .fail("library", "\(library.file) \(numbers) is older than \(minimum)", fix: fix)
        }
        return .ok("library", "\(library.file) \(numbers)")
    }

    private func programs() -> Finding {
        let own = machine.executable.map { $0.split(separator: "/", omittingEmptySubsequences: false).dropLast() }
        let places =
            (own.map { [$0.joined(separator: "/")] } ?? [])
            + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let missing = ["core-cloud", "edge-cloud"].filter { name in
            !places.contains {
                machine.status(of: "\($0)/\(name)").map { !$0.isDirectory && $0.mode & 0o111 != 0 } ?? false
            }
        }
        if missing.isEmpty { return .ok("programs", "core-cloud and edge-cloud are installed") }
        return .warn(
            "programs", "\(missing.joined(separator: " and ")) not found beside gedge or on PATH",
            fix: "swift build -c release, then add .build/release to PATH")
    }

    private func processors() -> Finding {
        var count = Double(machine.processors)
        // A control group may grant less than the machine has: "quota period" in microseconds.
        let quota = (machine.text(ofFile: "/sys/fs/cgroup/cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
        if quota.count == 2, let time = Double(quota[0]), let period = Double(quota[1]), period > 0 {
            count = min(count, time / period)
        }
        let text = NumberText.fixed(count, digits: count == count.rounded() ? 0 : 1)
        if count >= 2 { return .ok("processors", "\(text) hardware threads") }
        return .warn(
            "processors", "\(text) hardware thread", fix: "training shares it with the bus; give the machine 2 or more")
    }

    private func memory() -> Finding {
        func kibibytes(_ key: String) -> Int? {
            let lines = (machine.text(ofFile: "/proc/meminfo") ?? "").split(separator: "\n")
            return lines.first { $0.hasPrefix("\(key):") }.flatMap {
                Int($0.drop { !$0.isNumber }.prefix { $0.isNumber })
            }
        }
        guard var available = kibibytes("MemAvailable").map({ $0 << 10 }) else {
            return .warn("memory", "/proc/meminfo cannot be read", fix: "mount /proc")
        }
        func control(_ name: String) -> Int? {
            machine.text(ofFile: "/sys/fs/cgroup/\(name)").flatMap { Int($0.prefix { $0.isNumber }) }
        }
        if let limit = control("memory.max"), let used = control("memory.current") {
            available = min(available, max(0, limit - used))
        }
        let text = "\(ByteCount(available)) available"
        if available >= 1 << 30 { return .ok("memory", text) }
        if available >= 256 << 20 {
            return .warn("memory", text, fix: "enough for small models; free some for models past 50 MB")
        }
        return .fail("memory", text, fix: "free at least 256 MiB")
    }

    private func disk() -> Finding {
        let place = existingParent(of: stateDirectory)
        guard let free = machine.freeDisk(at: place) else {
            return .warn("disk", "free space at \(place) is unknown", fix: "look with: df \(place)")
        }
        let text = "\(ByteCount(free)) free at \(place)"
        if free >= 1 << 30 { return .ok("disk", text) }
        if free >= 100 << 20 {
            return .warn("disk", text, fix: "every round's model is kept; make room or move the state")
        }
        return .fail("disk", text, fix: "make room, or move the state directory with --state-dir")
    }

    private func openFiles() -> Finding {
        let limit = machine.openFileLimit
        if limit >= 1024 { return .ok("open files", "\(limit) per process") }
        return .warn("open files", "only \(limit) per process", fix: "ulimit -n 4096")
    }

    /// A clock is believed unless something that exists already was made after it.
    private func clock() -> Finding {
        let now = machine.now
        let witnesses = [machine.executable, stateDirectory, "/etc/os-release", "/var/lib/dpkg/status"].compactMap {
            $0
        }
        for path in witnesses {
            guard let made = machine.status(of: path)?.modified, made > now.advanced(by: .seconds(60)) else { continue }
            return .fail(
                "clock", "it says \(now), but \(path) is from \(made)",
                fix: "set the time: sudo timedatectl set-ntp true")
        }
        return .ok("clock", now.description)
    }

    func existingParent(of path: String) -> String {
        var parts = path.split(separator: "/")
        while !parts.isEmpty {
            let candidate = "/" + parts.joined(separator: "/")
            if machine.status(of: candidate)?.isDirectory == true { return candidate }
            parts.removeLast()
        }
        return "/"
    }
}
