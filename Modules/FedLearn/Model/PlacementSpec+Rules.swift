import Contracts
import Core

extension PlacementSpec {
    /// The values that have a range: field, whether the value is in it, the range in words, the value.
    var rules: [(field: String, isValid: Bool, rule: String, value: String)] {
        var rules: [(String, Bool, String, String)] = []
        if let priority {
            rules.append(("priority", (-1000...1000).contains(priority), "-1000 to 1000", "\(priority)"))
        }
        if let resources {
            if let cpus = resources.cpus {
                rules.append(
                    (
                        "resources.cpus", (1...1_000_000).contains(cpus.milliCPUs), "1m to 1000 hardware threads",
                        "\(cpus)"
                    ))
            }
            if resources.exclusive == true {
                let cpus = resources.cpus?.milliCPUs ?? 0
                rules.append(
                    (
                        "resources.cpus", cpus > 0 && cpus.isMultiple(of: 1000),
                        "a whole number of hardware threads when they are exclusive",
                        resources.cpus.map { "\($0)" } ?? "left out"
                    ))
            }
            if let memory = resources.memory {
                rules.append(
                    ("resources.memory", memory.bytes > 0 && memory.bytes <= 1 << 50, "1 byte to 1024 TiB", "\(memory)")
                )
            }
            if let gpus = resources.gpus {
                rules.append(("resources.gpus", (0...1024).contains(gpus), "0 to 1024", "\(gpus)"))
            }
        }
        if let spread {
            let fault = LabelSyntax.fault(inKey: spread.label)
            rules.append(("spread.label", fault == nil, "the name of a label (\(fault ?? ""))", "'\(spread.label)'"))
            rules.append(("spread.most", (1...100_000).contains(spread.most), "1 to 100000", "\(spread.most)"))
        }
        for (field, labels) in [("select", select), ("prefer", prefer)] {
            // No edge has a label that is none.
            let fault = LabelSyntax.fault(in: labels ?? [:])
            rules.append(
                (field, fault == nil, "labels that an edge can have (\(fault ?? ""))", "\(labels?.count ?? 0) entries"))
        }
        if let seconds = finishWithinSeconds {
            rules.append(("finishWithinSeconds", seconds >= 1 && seconds <= 1e9, "1 to 1000000000", "\(seconds)"))
        }
        return rules
    }
}

extension TrainingJobSpec {
    /// Hardware threads that a worker has to itself; `nil` for a job that shares.
    var exclusiveThreads: Int? {
        guard let resources = placement?.resources, resources.exclusive == true else { return nil }
        return resources.cpus.map { $0.milliCPUs / 1000 }
    }
}
