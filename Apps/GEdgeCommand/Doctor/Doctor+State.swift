import Core

extension Doctor {
    func state() -> Finding {
        guard let status = machine.status(of: stateDirectory) else {
            let parent = existingParent(of: stateDirectory)
            if machine.canWrite(parent) { return .ok("state", "\(stateDirectory) will be made by the first core") }
            return .fail(
                "state", "\(stateDirectory) cannot be made: \(parent) is not writable",
                fix: "sudo install -d -m 700 -o $(id -un) \(stateDirectory), or use --state-dir")
        }
        if !status.isDirectory {
            return .fail("state", "\(stateDirectory) is not a directory", fix: "move it away, or use --state-dir")
        }
        if status.owner != machine.userID {
            return .fail(
                "state", "\(stateDirectory) belongs to user \(status.owner), and this is user \(machine.userID)",
                fix: "run as its owner, or: sudo chown -R $(id -un) \(stateDirectory)")
        }
        if status.mode & 0o077 != 0 {
            return .fail(
                "state", "\(stateDirectory) is open to others (mode \(String(status.mode, radix: 8)))",
                fix: "chmod 700 \(stateDirectory)")
        }
        return .ok("state", "\(stateDirectory), yours alone")
    }

    /// One finding about all key files, or one for each that others could read.
    func keys() -> [Finding] {
        let directory = "\(stateDirectory)/keys"
        let names = machine.entries(of: directory)
        var findings: [Finding] = []
        for name in names {
            let path = "\(directory)/\(name)"
            guard let status = machine.status(of: path), !status.isDirectory, status.mode & 0o077 != 0 else { continue }
            findings.append(
                .fail(
                    "keys", "\(path) is open to others (mode \(String(status.mode, radix: 8)))",
                    fix: "chmod 600 \(path)"))
        }
        if !findings.isEmpty { return findings }
        return [
            .ok(
                "keys",
                names.isEmpty ? "none yet; the first start makes them" : "\(names.count) in \(directory), yours alone")
        ]
    }

    func ports() -> Finding {
        let range = port..<(port + 4)
        let taken = range.compactMap { port in machine.obstacle(onPort: port).map { (port, $0) } }
        guard let first = taken.first else { return .ok("ports", "\(port) to \(port + 3) are free") }
        if coreAnswers { return .ok("ports", "\(port) to \(port + 3) are in use, by the core presumably") }
        return .fail(
            "ports", "\(first.0): \(first.1)",
            fix: "see who has it with: ss -ltnp 'sport = :\(first.0)'; or have the core listen elsewhere")
    }
}
