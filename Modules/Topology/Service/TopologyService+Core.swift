import Contracts
import Core

/// The core's own machine, watched as the edges watch theirs.
extension TopologyService {
    /// Measures every second until cancelled.
    func watchCore() async throws {
        guard let sampler else {
            // Nothing to watch; the other tasks of the service go on.
            for await _ in AsyncStream<Never>.makeStream().stream {}
            throw CancellationError()
        }
        let hardware = MachineProbe().hardware()
        let name = try Self.coreName
        while true {
            let (load, time) = (await sampler.load(), wallClock.now())
            coreState = CoreState(hardware: hardware, load: load, measured: time)
            recorder.add(load, of: name, at: time)
            gauges.set(name, load: load, hardware: hardware, measured: time)
            try await Task.sleep(for: .seconds(1), tolerance: .milliseconds(100))
        }
    }
}
