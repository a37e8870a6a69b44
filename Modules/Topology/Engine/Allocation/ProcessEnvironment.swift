import Contracts

/// What tells the libraries in a process which part of the machine is theirs.
struct ProcessEnvironment: Sendable {
    private let machine: Machine

    init(_ machine: Machine) { self.machine = machine }

    /// - Parameter gpus: places in the machine's devices.
    func variables(threads: Int, gpus: [Int]) -> [String: String] {
        // CUDA numbers the GPUs of its maker; in the order of their addresses only when it is told to.
        let nvidia = machine.devices.indices.filter { index in
            let device = machine.devices[index]
            return device.kind == .gpu && (device.vendor == "10de" || device.name.hasPrefix("cuda"))
        }.sorted {
            let (left, right) = (machine.devices[$0], machine.devices[$1])
            return (left.address ?? left.name, $0) < (right.address ?? right.name, $1)
        }
        let visible = gpus.compactMap { nvidia.firstIndex(of: $0) }.sorted().map(String.init)
        return [
            "OMP_NUM_THREADS": "\(threads)", "OPENBLAS_NUM_THREADS": "\(threads)",
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": visible.joined(separator: ","),
        ]
    }
}
