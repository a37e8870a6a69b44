public import Contracts

/// Looks into machines: this one, or one that is described.
public enum MachineDiscovery {
    /// The most bytes of XML that are read.
    public static let sizeLimit = TopologyDocument.sizeLimit

    /// What this process may use of the machine it runs on: within its control group and its affinity.
    /// - Throws: `TopologyError` `unavailable`.
    public static func thisMachine() throws(TopologyError) -> Machine {
        var machine = try HwlocTopology(.thisMachine).machine()
        let probe = VirtualFunctionProbe()
        machine.devices = machine.devices.map(probe.described)
        let memory = machine.numaNodes.reduce(Int64(0)) { $0 + $1.memory }
        if let limit = ControlGroup.leastMemoryLimit(), limit < memory { machine.memoryLimit = limit }
        return machine
    }

    /// The machine that hwloc's XML describes, as `lstopo --of xml` writes it.
    ///
    /// Hostile input is refused: the text is bounded in size and depth, and declares nothing.
    /// - Throws: `TopologyError` `invalid`, or `unsupported` for the XML of hwloc 3.
    public static func machine(xml: [UInt8]) throws(TopologyError) -> Machine {
        try HwlocTopology(.document(TopologyDocument(xml))).machine()
    }

    /// The machine that one line describes, such as `pack:2 numa:2 core:4 pu:2` (hwloc's manual, "Synthetic topologies").
    /// - Throws: `TopologyError` `invalid`.
    public static func machine(synthetic: String) throws(TopologyError) -> Machine {
        try HwlocTopology(.synthetic(synthetic)).machine()
    }
}
