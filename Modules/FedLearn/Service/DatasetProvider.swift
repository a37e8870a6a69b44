public import Core
public import Datasets

/// The port through which `FedLearn` reads the data that lies at this daemon.
public protocol DatasetProvider: Sendable {
    /// The data registered under `name`; it may be kept in memory until `forget`.
    /// - Throws: an error with code `not-found` if there is none, or the loader's error if it cannot be read.
    func load(_ name: Name) async throws -> LabelledData

    /// No job needs data right now: what was kept in memory may go.
    func forget() async
}
