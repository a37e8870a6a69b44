import CHwloc
import Glibc

/// A topology of hwloc: made, read at once, and destroyed, because what it keeps is larger than what it tells.
struct HwlocTopology: ~Copyable {
    enum Source {
        /// What this process may use of the machine it runs on.
        case thisMachine
        case document(TopologyDocument)
        /// Such as `pack:2 numa:2 core:4 pu:2`, in hwloc's own words.
        case synthetic(String)
    }

    let handle: hwloc_topology_t

    /// - Parameter devices: whether to look at devices too.
    /// - Throws: `TopologyError` `invalid` for a description that hwloc does not take, `unavailable` when it cannot read this machine.
    init(_ source: Source, devices: Bool = true) throws(TopologyError) {
        var handle: hwloc_topology_t?
        guard hwloc_topology_init(&handle) == 0, let handle else {
            throw TopologyError("unavailable", "hwloc could not start: \(Self.reason()); free some memory")
        }
        do throws(TopologyError) {
            try Self.configure(handle, source, devices: devices)
            guard hwloc_topology_load(handle) == 0 else { throw Self.refusal(source, Self.reason()) }
        } catch {
            hwloc_topology_destroy(handle)
            throw error
        }
        self.handle = handle
    }

    deinit { hwloc_topology_destroy(handle) }

    /// Whether what is bound by this topology is bound: by any other, hwloc reports success and does nothing.
    var isThisMachine: Bool { hwloc_topology_is_thissystem(handle) == 1 }

    private static func configure(_ handle: hwloc_topology_t, _ source: Source, devices: Bool) throws(TopologyError) {
        // Runtimes of GPUs are slow to start and stay in the process; the kernel and PCI know of the same devices.
        // A name that this hwloc does not know is refused, and there is nothing to keep out then.
        for component in ["cuda", "opencl", "levelzero", "rsmi", "gl"] {
            _ = hwloc_topology_set_components(
                handle, UInt(HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST.rawValue), component)
        }
        let filter = devices ? HWLOC_TYPE_FILTER_KEEP_IMPORTANT : HWLOC_TYPE_FILTER_KEEP_NONE
        guard hwloc_topology_set_io_types_filter(handle, filter) == 0 else { throw refusal(source, reason()) }
        switch source {
        case .thisMachine:
            // Without the last, hwloc moves the calling thread over all processors to ask each of them.
            let flags = [
                HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM, HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING,
                HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING,
            ].reduce(0) { $0 | UInt($1.rawValue) }
            guard hwloc_topology_set_flags(handle, flags) == 0 else { throw refusal(source, reason()) }
        case .document(let document):
            let status = document.bytes.withUnsafeBytes { buffer -> Int32 in
                let text = buffer.bindMemory(to: CChar.self).baseAddress
                let trial = gedge_hwloc_try_xml(text, Int32(buffer.count))
                guard trial == 0 else {
                    errno = EINVAL
                    return -1
                }
                return hwloc_topology_set_xmlbuffer(handle, text, Int32(buffer.count))
            }
            guard status == 0 else { throw refusal(source, reason()) }
        case .synthetic(let description):
            guard description.utf8.count <= 4096, SyntheticSize.threads(of: description) <= SyntheticSize.limit else {
                throw TopologyError(
                    "invalid",
                    "this synthetic machine has more than \(SyntheticSize.limit) parts; describe a smaller one")
            }
            guard hwloc_topology_set_synthetic(handle, description) == 0 else { throw refusal(source, reason()) }
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }

    private static func refusal(_ source: Source, _ reason: String) -> TopologyError {
        switch source {
        case .thisMachine:
            TopologyError(
                "unavailable", "hwloc could not read this machine: \(reason); /sys must be mounted and readable")
        case .document: TopologyDocument.invalid("hwloc says '\(reason)'")
        case .synthetic(let description):
            TopologyError(
                "invalid",
                "'\(description.prefix(200))' is no synthetic machine; write one such as 'pack:2 numa:2 core:4 pu:2', "
                    + "outermost part first, hardware threads (pu) last")
        }
    }
}
