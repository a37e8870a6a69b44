import Contracts
import Glibc

/// NVIDIA's management library, when the machine has it: loaded while the program runs, so that nothing depends on it. Names and
/// layouts are those of NVML's public interface (nvml.h, version 2 of `nvmlDeviceGetCount` and its like).
///
/// For one thread at a time.
final class NVML {
    private typealias Status = Int32
    private typealias Handle = OpaquePointer
    private typealias Initialise = @convention(c) () -> Status
    private typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> Status
    private typealias HandleByIndex = @convention(c) (UInt32, UnsafeMutablePointer<Handle?>) -> Status
    /// `nvmlUtilization_t`: two unsigned ints, percent of the time that kernels ran and that memory was used.
    private typealias Utilisation = @convention(c) (Handle, UnsafeMutablePointer<UInt32>) -> Status
    /// `nvmlMemory_t`: three unsigned long longs, bytes in total, free and used.
    private typealias Memory = @convention(c) (Handle, UnsafeMutablePointer<UInt64>) -> Status

    private let devices: [Handle]
    private let utilisation: Utilisation
    private let memory: Memory

    /// `nil` without the library, its driver or a GPU. The library stays loaded: unloading it is not safe while its threads run.
    static func shared() -> NVML? { NVML(library: "libnvidia-ml.so.1") }

    init?(library: String) {
        guard let loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL) else { return nil }
        func function<Function>(_ name: String, as type: Function.Type) -> Function? {
            dlsym(loaded, name).map { unsafeBitCast($0, to: type) }
        }
        guard let initialise = function("nvmlInit_v2", as: Initialise.self),
            let count = function("nvmlDeviceGetCount_v2", as: Count.self),
            let handle = function("nvmlDeviceGetHandleByIndex_v2", as: HandleByIndex.self),
            let utilisation = function("nvmlDeviceGetUtilizationRates", as: Utilisation.self),
            let memory = function("nvmlDeviceGetMemoryInfo", as: Memory.self)
        else { return nil }
        var number: UInt32 = 0
        guard initialise() == 0, count(&number) == 0 else { return nil }
        let devices = (0..<min(number, UInt32(LoadPlausibility.mostGPUs))).compactMap { index in
            var found: Handle?
            return handle(index, &found) == 0 ? found : nil
        }
        if devices.isEmpty { return nil }
        self.devices = devices
        self.utilisation = utilisation
        self.memory = memory
    }

    /// One load for each GPU that answers; `nil` when none does, such as while the driver is replaced.
    func loads() -> [GPULoad]? {
        let loads = devices.compactMap { device -> GPULoad? in
            var percent: (UInt32, UInt32) = (0, 0)
            var bytes: (UInt64, UInt64, UInt64) = (0, 0, 0)
            let isRead = withUnsafeMutableBytes(of: &percent) { percent in
                withUnsafeMutableBytes(of: &bytes) { bytes in
                    guard let rates = percent.bindMemory(to: UInt32.self).baseAddress,
                        let sizes = bytes.bindMemory(to: UInt64.self).baseAddress
                    else { return false }
                    // A GPU that is cut into instances tells no utilisation: it counts as idle.
                    if utilisation(device, rates) != 0 { rates.pointee = 0 }
                    return memory(device, sizes) == 0
                }
            }
            guard isRead else { return nil }
            return GPULoad(
                busy: min(1, Double(percent.0) / 100), usedMemory: Int64(clamping: bytes.2),
                memory: Int64(clamping: bytes.0))
        }
        return loads.isEmpty ? nil : loads
    }
}
