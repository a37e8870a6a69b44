import Glibc

/// Reads what the machine's network interfaces have moved. For one thread at a time.
struct NetworkProbe {
    private struct Interface {
        let name: String
        let received: KernelFile
        let sent: KernelFile
    }

    /// Interfaces come and go; so many readings later they are looked for again.
    private static let searchEvery = 60
    private static let most = 32

    private var interfaces: [Interface] = []
    private var untilSearch = 0

    mutating func read() -> [LoadReading.InterfaceCounters] {
        if untilSearch == 0 {
            search()
            untilSearch = Self.searchEvery
        }
        untilSearch -= 1
        return interfaces.compactMap { interface in
            var (received, sent) = (interface.received.read(), interface.sent.read())
            guard let received = received.number(), let sent = sent.number() else { return nil }
            return LoadReading.InterfaceCounters(name: interface.name, received: received, sent: sent)
        }
    }

    private mutating func search() {
        let all = Self.names().filter { $0 != "lo" }
        // A device stands behind a physical interface. A container has none, and its virtual ones are its network.
        let physical = all.filter { access("/sys/class/net/\($0)/device", F_OK) == 0 }
        let names = (physical.isEmpty ? all : physical).sorted().prefix(Self.most)
        if names.elementsEqual(interfaces.map(\.name)) { return }
        interfaces = names.compactMap { name in
            let directory = "/sys/class/net/\(name)/statistics"
            guard let received = KernelFile("\(directory)/rx_bytes", capacity: 32),
                let sent = KernelFile("\(directory)/tx_bytes", capacity: 32)
            else { return nil }
            return Interface(name: name, received: received, sent: sent)
        }
    }

    private static func names() -> [String] {
        guard let directory = opendir("/sys/class/net") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
