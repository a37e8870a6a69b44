/// What a data file may ask of this process.
public struct DatasetLimits: Sendable, Hashable {
    /// The most bytes the features may take once they are float32 values in memory.
    public var maximumBytes: Int

    /// The most columns or features a sample may have.
    static let maximumColumns = 1 << 24
    /// The most classes a label may tell apart.
    static let maximumClasses = 1 << 20

    public init(maximumBytes: Int = 4 << 30) { self.maximumBytes = maximumBytes }

    /// Refuses `samples` × `features` values when they exceed the limits.
    func check(samples: Int, features: Int, of path: String) throws(DatasetError) {
        let (values, overflow) = samples.multipliedReportingOverflow(by: features)
        guard features <= Self.maximumColumns else {
            throw DatasetError(
                .tooLarge, "\(path): \(features) features per sample are more than \(Self.maximumColumns)")
        }
        guard !overflow, values <= maximumBytes / MemoryLayout<Float>.stride else {
            throw DatasetError(
                .tooLarge,
                "\(path): \(samples) samples of \(features) features take more than the limit of \(maximumBytes) bytes; "
                    + "split the file")
        }
    }
}
