import Contracts
import Glibc

/// Reads from the kernel which cards are split into virtual functions (SR-IOV); hwloc does not tell.
struct VirtualFunctionProbe: Sendable {
    /// Where the kernel lists PCI devices.
    var directory = "/sys/bus/pci/devices"

    /// The device with what the kernel says of its virtual functions.
    func described(_ device: Device) -> Device {
        guard let address = device.address else { return device }
        var device = device
        let path = "\(directory)/\(address)"
        if let most = number("\(path)/sriov_totalvfs"), most > 0 {
            device.virtualFunctions = Device.VirtualFunctions(
                most: most, active: number("\(path)/sriov_numvfs") ?? 0)
        }
        device.physicalFunction = target("\(path)/physfn")
        return device
    }

    private func number(_ path: String) -> Int? { ProcFile.text(path).flatMap { Int($0.prefix { $0.isNumber }) } }

    /// The last part of where a link leads.
    private func target(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let text = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: "/").last.map(String.init)
    }
}
