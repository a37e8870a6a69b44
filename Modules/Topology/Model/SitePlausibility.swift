import Contracts

/// What an edge can be that joins. It is another machine, perhaps a broken or a hostile one, and what it says is kept, sent on to
/// everyone who asks for the topology, and drawn: all of it has a bound, together less than a message may have, and nothing
/// contradicts itself.
enum SitePlausibility {
    static let mostThreads = 4096
    static let mostNUMANodes = 256
    static let mostDevices = 1024
    static let mostDatasets = 1024
    private static let mostBytes: Int64 = 1 << 60
    /// Whole numbers up to here survive every reader of JSON.
    private static let mostNumber = 1 << 53
    private static let mostText = 128
    private static let mostCacheLevel = 8

    /// What in `report` cannot be, with its field; `nil` for a sound one. The load is judged by `LoadPlausibility`.
    static func fault(_ report: SiteReport) -> String? {
        either(
            hardware(report.hardware), text("version", report.version),
            LabelSyntax.fault(in: report.labels).map { "labels: \($0)" }, datasets(report.datasets),
            report.machine.flatMap(machine), report.allocatable.flatMap(allocatable), cost(report.link),
            number("epoch", report.epoch ?? 0, 0...mostNumber))
    }

    private static func cost(_ link: LinkReport?) -> String? {
        guard let cost = link?.costPerGigabyte, !(0...1e9).contains(cost) else { return nil }
        return "link.costPerGigabyte is \(cost), and must be 0 to 1000000000"
    }

    private static func hardware(_ hardware: Hardware) -> String? {
        either(
            text("hardware.hostname", hardware.hostname), text("hardware.architecture", hardware.architecture),
            text("hardware.processor", hardware.processor),
            number("hardware.threads", hardware.threads, 1...mostThreads), bytes("hardware.memory", hardware.memory))
    }

    private static func datasets(_ datasets: [DatasetSummary]) -> String? {
        if datasets.count > mostDatasets { return count("datasets", datasets.count, mostDatasets) }
        return first(datasets) { index, data in
            either(
                number("datasets[\(index)].samples", data.samples, 0...mostNumber),
                number("datasets[\(index)].features", data.features, 0...mostNumber),
                number("datasets[\(index)].classes", data.classes, 0...mostNumber))
        } ?? repeated("datasets", datasets.map(\.name))
    }

    // MARK: The machine's inside

    private static func machine(_ machine: Machine) -> String? {
        if machine.threads.count > mostThreads { return count("machine.threads", machine.threads.count, mostThreads) }
        if machine.numaNodes.count > mostNUMANodes {
            return count("machine.numaNodes", machine.numaNodes.count, mostNUMANodes)
        }
        // Two of each core, and a few that cores share.
        let mostCaches = 4 * max(1, machine.threads.count)
        if machine.caches.count > mostCaches { return count("machine.caches", machine.caches.count, mostCaches) }
        if machine.devices.count > mostDevices { return count("machine.devices", machine.devices.count, mostDevices) }
        return either(
            threads(machine), numaNodes(machine), caches(machine), devices(machine),
            bytes("machine.memoryLimit", machine.memoryLimit ?? 0))
    }

    private static func threads(_ machine: Machine) -> String? {
        let nodes = Set(machine.numaNodes.map(\.number))
        return first(machine.threads) { index, thread in
            let name = "machine.threads[\(index)]"
            if !nodes.contains(thread.numaNode) {
                return "\(name).numaNode is \(thread.numaNode), which is none of machine.numaNodes"
            }
            return either(
                number("\(name).number", thread.number, 0...0xFFFF), number("\(name).core", thread.core, 0...0xFFFF),
                number("\(name).package", thread.package, 0...0xFFFF),
                number("\(name).rank", thread.rank ?? 0, 0...0xFFFF))
        } ?? repeated("machine.threads", machine.threads.map(\.number))
    }

    private static func numaNodes(_ machine: Machine) -> String? {
        let nodes = Set(machine.numaNodes.map(\.number))
        return first(machine.numaNodes) { index, node in
            let name = "machine.numaNodes[\(index)]"
            if let nearest = node.nearest, !nodes.contains(nearest) {
                return "\(name).nearest is \(nearest), which is none of machine.numaNodes"
            }
            if let distances = node.distances {
                guard distances.count == nodes.count, distances.allSatisfy({ (0...0xFFFF).contains($0) }) else {
                    return "\(name).distances must have one number of 0 to 65535 for each of machine.numaNodes"
                }
            }
            return either(
                number("\(name).number", node.number, 0...0xFFFF), bytes("\(name).memory", node.memory),
                text("\(name).kind", node.kind))
        } ?? repeated("machine.numaNodes", machine.numaNodes.map(\.number))
    }

    private static func caches(_ machine: Machine) -> String? {
        let threads = Set(machine.threads.map(\.number))
        var named = 0
        return first(machine.caches) { index, cache in
            let name = "machine.caches[\(index)]"
            named += cache.threads.count
            if named > mostCacheLevel * max(1, threads.count) {
                return "machine.caches name more threads than \(mostCacheLevel) levels of \(threads.count) have"
            }
            if let stranger = cache.threads.first(where: { !threads.contains($0) }) {
                return "\(name).threads has \(stranger), which is none of machine.threads"
            }
            return either(
                number("\(name).level", cache.level, 1...mostCacheLevel), bytes("\(name).bytes", cache.bytes))
        }
    }

    private static func devices(_ machine: Machine) -> String? {
        let nodes = Set(machine.numaNodes.map(\.number))
        let gpus = machine.devices.count { $0.kind == .gpu && $0.physicalFunction == nil }
        if gpus > LoadPlausibility.mostGPUs {
            return count("the GPUs of machine.devices", gpus, LoadPlausibility.mostGPUs)
        }
        return first(machine.devices) { index, device in
            let name = "machine.devices[\(index)]"
            if let node = device.numaNode, !nodes.contains(node) {
                return "\(name).numaNode is \(node), which is none of machine.numaNodes"
            }
            if let functions = device.virtualFunctions {
                guard (0...0xFFFF).contains(functions.most), (0...functions.most).contains(functions.active) else {
                    return "\(name).virtualFunctions has \(functions.active) active of \(functions.most)"
                }
            }
            return either(
                text("\(name).name", device.name), text("\(name).model", device.model),
                text("\(name).address", device.address), text("\(name).vendor", device.vendor),
                text("\(name).physicalFunction", device.physicalFunction),
                bytes("\(name).memory", device.memory ?? 0))
        }
    }

    private static func allocatable(_ allocatable: Allocatable) -> String? {
        if allocatable.domains.count > mostNUMANodes {
            return count("allocatable.domains", allocatable.domains.count, mostNUMANodes)
        }
        let domains = first(allocatable.domains) { index, domain in
            let name = "allocatable.domains[\(index)]"
            return either(
                number("\(name).numaNode", domain.numaNode, 0...0xFFFF),
                number("\(name).threads", domain.threads, 0...mostThreads), bytes("\(name).memory", domain.memory),
                number("\(name).gpus", domain.gpus, 0...mostDevices))
        }
        return either(
            number("allocatable.milliCPUs", allocatable.milliCPUs, 0...mostThreads * 1000),
            bytes("allocatable.memory", allocatable.memory),
            number("allocatable.gpus", allocatable.gpus, 0...mostDevices), domains)
    }

    // MARK: Values

    private static func either(_ faults: String?...) -> String? { faults.lazy.compactMap(\.self).first }

    private static func first<Element>(_ list: [Element], _ fault: (Int, Element) -> String?) -> String? {
        for (index, element) in list.enumerated() { if let fault = fault(index, element) { return fault } }
        return nil
    }

    private static func repeated(_ name: String, _ values: [some Hashable & CustomStringConvertible]) -> String? {
        var seen: Set<AnyHashable> = []
        return values.first { !seen.insert($0).inserted }.map { "\(name) has \($0) twice" }
    }

    private static func count(_ name: String, _ count: Int, _ most: Int) -> String {
        "\(name) are \(count), and at most \(most) are taken"
    }

    private static func number(_ name: String, _ value: Int, _ range: ClosedRange<Int>) -> String? {
        range.contains(value) ? nil : "\(name) is \(value), and must be \(range.lowerBound) to \(range.upperBound)"
    }

    private static func bytes(_ name: String, _ value: Int64) -> String? {
        (0...mostBytes).contains(value) ? nil : "\(name) is \(value) bytes, and must be 0 to \(mostBytes)"
    }

    /// It is shown on terminals, which must not take it for an order.
    private static func text(_ name: String, _ value: String?) -> String? {
        guard let value else { return nil }
        if value.utf8.count > mostText {
            return "\(name) has \(value.utf8.count) bytes, and at most \(mostText) are taken"
        }
        let isPlain = value.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
        return isPlain ? nil : "\(name) has a control character"
    }
}
