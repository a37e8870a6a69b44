import Contracts
import Core

/// Measures this machine's load on a thread of its own: a file system that hangs, or a driver that thinks, keeps nobody else waiting.
actor LoadSampler {
    private let thread = ThreadExecutor(name: "gedge-load")
    private let directory: String
    private var probe: LoadProbe?
    private var meter: LoadMeter?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter directory: where the daemon keeps its state; its file system and device are watched.
    init(directory: String) { self.directory = directory }

    /// The load since the call before, or since this one for the first.
    func load() -> LoadReport {
        let probe = probe ?? LoadProbe(directory: directory)
        self.probe = probe
        let reading = probe.read()
        var meter = meter ?? LoadMeter(reading)
        let load = meter.load(reading)
        self.meter = meter
        return load
    }
}
