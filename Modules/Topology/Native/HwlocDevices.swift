import CHwloc
import Contracts

/// Reads the devices of a topology: one for each card's function and for each disk and interface on it.
struct HwlocDevices {
    let handle: hwloc_topology_t
    /// The NUMA nodes that have hardware threads.
    let nodes: Set<Int>

    /// Makers of display adapters that serve a console and compute nothing: ASPEED, Matrox, Cirrus, QEMU, virtio, VMware, Hyper-V,
    /// QXL.
    private static let consoles: Set<UInt16> = [0x1a03, 0x102b, 0x1013, 0x1234, 0x1af4, 0x15ad, 0x1414, 0x1b36]

    /// Devices in the order of their kinds, addresses and names.
    func all(limit: Int) -> [Device] {
        var devices: [Device] = []
        var cards: Set<String> = []
        var graphics: [String: Int] = [:]
        for object in objects(HWLOC_TYPE_DEPTH_OS_DEVICE, limit: limit) {
            guard var device = device(object) else { continue }
            let card = card(of: object)
            if let card { describe(&device, by: card) }
            // A GPU has a name for each way to reach it, and an InfiniBand port one for its interface too: one device.
            if let address = device.address, device.kind == .gpu {
                if let index = graphics[address] {
                    devices[index] = Self.merged(devices[index], device)
                    continue
                }
                graphics[address] = devices.count
            }
            if let address = device.address, Self.type(object) == HWLOC_OBJ_OSDEV_OPENFABRICS, cards.contains(address) {
                continue
            }
            if let address = device.address { cards.insert(address) }
            devices.append(device)
        }
        for object in objects(HWLOC_TYPE_DEPTH_PCI_DEVICE, limit: limit) where !cards.contains(Self.address(object)) {
            if let device = bare(object) { devices.append(device) }
        }
        return devices.sorted {
            (Self.rank($0.kind), $0.address ?? "~", $0.name) < (Self.rank($1.kind), $1.address ?? "~", $1.name)
        }
    }

    private func objects(_ depth: hwloc_get_type_depth_e, limit: Int) -> [hwloc_obj_t] {
        let count = Int(hwloc_get_nbobjs_by_depth(handle, Int32(depth.rawValue)))
        return (0..<min(max(0, count), limit)).compactMap {
            hwloc_get_obj_by_depth(handle, Int32(depth.rawValue), UInt32($0))
        }
    }

    private static func type(_ object: hwloc_obj_t) -> hwloc_obj_osdev_type_t? {
        object.pointee.attr?.pointee.osdev.type
    }

    /// What the operating system knows of a device; `nil` for one that is no kind of interest.
    private func device(_ object: hwloc_obj_t) -> Device? {
        guard let type = Self.type(object), let name = object.pointee.name.map({ String(cString: $0) }) else {
            return nil
        }
        let kind: Device.Kind
        switch type {
        case HWLOC_OBJ_OSDEV_GPU, HWLOC_OBJ_OSDEV_COPROC: kind = .gpu
        case HWLOC_OBJ_OSDEV_NETWORK, HWLOC_OBJ_OSDEV_OPENFABRICS: kind = .network
        case HWLOC_OBJ_OSDEV_BLOCK: kind = .storage
        default: return nil
        }
        var device = Device(kind: kind, name: String(name.prefix(128)), numaNode: node(of: object))
        device.model = Self.info(object, "GPUModel") ?? Self.info(object, "Model")
        // hwloc counts these in units of 1024 bytes.
        let sizes = kind == .gpu ? ["CUDAGlobalMemorySize", "OpenCLGlobalMemorySize", "RSMIVRAMSize"] : ["Size"]
        device.memory = sizes.lazy.compactMap { Self.info(object, $0).flatMap { Int64($0) } }.first
            .flatMap { $0 < 0 || $0 > Int64.max >> 10 ? nil : $0 << 10 }
        return device
    }

    /// A card that no driver has a name for, such as one that is handed to virtual machines.
    private func bare(_ object: hwloc_obj_t) -> Device? {
        guard let card = object.pointee.attr?.pointee.pcidev else { return nil }
        let kind: Device.Kind
        switch card.class_id >> 8 {
        case 0x03: kind = .gpu
        case 0x02: kind = .network
        case 0x12: kind = .other
        default: return nil
        }
        var device = Device(kind: kind, name: Self.address(object), numaNode: node(of: object))
        describe(&device, by: object)
        return device
    }

    private func card(of object: hwloc_obj_t) -> hwloc_obj_t? {
        var place = object.pointee.parent
        while let here = place, here.pointee.type != HWLOC_OBJ_PCI_DEVICE { place = here.pointee.parent }
        return place
    }

    private func describe(_ device: inout Device, by card: hwloc_obj_t) {
        guard let attributes = card.pointee.attr?.pointee.pcidev else { return }
        device.address = Self.address(card)
        device.vendor = Self.hexadecimal(Int(attributes.vendor_id), digits: 4)
        if device.kind == .gpu, Self.consoles.contains(attributes.vendor_id) { device.kind = .other }
        if device.model == nil {
            let words = ["PCIVendor", "PCIDevice"].compactMap { Self.info(card, $0) }
            if !words.isEmpty { device.model = words.joined(separator: " ") }
        }
    }

    /// The NUMA node at which a device hangs; of several that are as near, the first; `nil` when that is all of them.
    private func node(of object: hwloc_obj_t) -> Int? {
        guard let place = hwloc_get_non_io_ancestor_obj(handle, object) else { return nil }
        let near = HwlocTopology.numbers(place.pointee.nodeset).filter { nodes.contains($0) }
        return near.count < nodes.count ? near.first : nil
    }

    /// One device of two names: the name of the runtime that programs use wins over the kernel's.
    private static func merged(_ first: Device, _ second: Device) -> Device {
        let order = ["cuda", "nvml", "rsmi", "ze", "opencl", "card"]
        func place(_ device: Device) -> Int { order.firstIndex { device.name.hasPrefix($0) } ?? order.count }
        var merged = (place(first), first.name) <= (place(second), second.name) ? first : second
        merged.model = merged.model ?? first.model ?? second.model
        merged.memory = merged.memory ?? first.memory ?? second.memory
        return merged
    }

    private static func rank(_ kind: Device.Kind) -> Int { Device.Kind.allCases.firstIndex(of: kind) ?? 0 }

    private static func info(_ object: hwloc_obj_t, _ name: String) -> String? {
        guard let value = hwloc_obj_get_info_by_name(object, name) else { return nil }
        let text = String(String(cString: value).prefix(256))
        return text.isEmpty ? nil : text
    }

    private static func address(_ object: hwloc_obj_t) -> String {
        guard let card = object.pointee.attr?.pointee.pcidev else { return "" }
        return hexadecimal(Int(card.domain), digits: 4) + ":" + hexadecimal(Int(card.bus), digits: 2) + ":"
            + hexadecimal(Int(card.dev), digits: 2) + "." + String(card.func, radix: 16)
    }

    private static func hexadecimal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
