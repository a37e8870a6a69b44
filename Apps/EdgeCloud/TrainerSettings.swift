public import Core
import Contracts
import DaemonKit

/// A program beside the edge that trains a model which the platform does not know.
public struct TrainerSettings: Codable, Sendable, Hashable {
    /// How the log calls it.
    public var name: Name
    /// The data that it trains on, as jobs name it.
    public var dataset: Name
    /// The most samples that it says it has; needed where `datasets` does not list the data.
    public var samples: Int?
    /// What the edge starts and keeps running; none for a trainer that someone else starts.
    public var command: [String]?
    /// The most address space each of its processes may take.
    public var memory: ByteCount?
    /// Variables to set for it.
    public var environment: [String: String]?

    public init(name: Name, dataset: Name, samples: Int? = nil, command: [String]? = nil) {
        self.name = name
        self.dataset = dataset
        self.samples = samples
        self.command = command
    }
}

extension [TrainerSettings] {
    /// - Parameter datasets: those that the edge reads itself.
    /// - Throws: `DaemonError` `invalid` for a value outside its range.
    func validate(besides datasets: [DatasetEntry]) throws {
        for (index, trainer) in enumerated() {
            let place = "trainers[\(index)]"
            if self[..<index].contains(where: { $0.name == trainer.name }) {
                throw DaemonError(
                    "invalid", "\(place).name: there is another '\(trainer.name)'; give it a name of its own")
            }
            if let samples = trainer.samples {
                guard (1...1_000_000_000_000).contains(samples) else {
                    throw DaemonError("invalid", "\(place).samples must be 1 to 1000000000000, not \(samples)")
                }
            } else if !datasets.contains(where: { $0.name == trainer.dataset }) {
                throw DaemonError(
                    "invalid",
                    "\(place).samples is missing: 'datasets' does not list '\(trainer.dataset)', so say how many samples "
                        + "there are at most")
            }
            if let command = trainer.command, command.first?.isEmpty ?? true {
                throw DaemonError("invalid", "\(place).command must be a program and its arguments, not an empty list")
            }
            if let memory = trainer.memory, memory.bytes < 16 << 20 {
                throw DaemonError("invalid", "\(place).memory must be at least 16MiB, not \(memory.bytes) bytes")
            }
        }
    }

    /// The data that trainers alone have, for the core to know.
    /// - Parameter summaries: what the edge reads itself.
    func summaries(besides summaries: [DatasetSummary]) -> [DatasetSummary] {
        let known = Set(summaries.map(\.name))
        let samples = Dictionary(
            filter { !known.contains($0.dataset) }.map { ($0.dataset, $0.samples ?? 0) }, uniquingKeysWith: Swift.max)
        return samples.sorted { $0.key < $1.key }.map {
            DatasetSummary(name: $0.key, samples: $0.value, features: 0, classes: 0)
        }
    }
}
