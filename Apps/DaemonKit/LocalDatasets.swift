public import Contracts
public import Core
public import Datasets
public import FedLearn

/// The data sets a daemon's configuration names: read when a job needs them, dropped when no job does.
public actor LocalDatasets: DatasetProvider {
    private let sources: [Name: DatasetSource]
    private var loaded: [Name: LabelledData] = [:]
    private let reading = ThreadExecutor(name: "datasets")

    public init(_ sources: [Name: DatasetSource]) { self.sources = sources }

    /// Reads every data set once, to say what it is and to refuse bad data before the daemon starts.
    /// - Throws: the loader's error for the first data set that is missing or malformed.
    public func summaries() async throws -> [DatasetSummary] {
        var summaries: [DatasetSummary] = []
        for name in sources.keys.sorted() {
            let data = try await load(name)
            summaries.append(
                DatasetSummary(
                    name: name, samples: data.count, features: data.featureCount, classes: data.classCount))
        }
        forget()
        return summaries
    }

    public func load(_ name: Name) async throws -> LabelledData {
        if let data = loaded[name] { return data }
        guard let source = sources[name] else {
            let known = sources.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw DaemonError(
                "not-found",
                "there is no data set '\(name)' here (known: \(known.isEmpty ? "none" : known)); add it under "
                    + "'datasets' in the configuration and restart")
        }
        let data = try await reading.run { try source.load() }
        loaded[name] = data
        return data
    }

    public func forget() {
        loaded.removeAll()
        Heap.release()
    }
}
