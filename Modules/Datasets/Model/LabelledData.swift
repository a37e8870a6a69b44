/// Samples for a classifier: a matrix of features, one row each, and a label for each row.
///
/// Every feature is finite and every label lies in 0 ..< `classCount`: the initialiser checks.
public struct LabelledData: Sendable, Equatable {
    /// `count` × `featureCount` values, row by row.
    public let features: [Float]
    /// The class of each sample, in 0 ..< `classCount`.
    public let labels: [Int32]
    /// How many values describe a sample.
    public let featureCount: Int
    /// How many classes there are; not all need occur.
    public let classCount: Int

    /// The number of samples.
    public var count: Int { labels.count }

    /// - Parameter classCount: how many classes there are, or `nil` for one more than the largest label.
    /// - Throws: `DatasetError` when sizes do not fit, a feature is not finite, or a label is outside its range.
    public init(
        features: [Float], labels: [Int32], featureCount: Int, classCount: Int? = nil
    ) throws(DatasetError) {
        let (size, overflow) = labels.count.multipliedReportingOverflow(by: featureCount)
        guard featureCount > 0, !overflow, features.count == size else {
            throw DatasetError(
                .malformed,
                "\(features.count) features are not \(labels.count) samples of \(featureCount); there must be as many "
                    + "rows of features as labels")
        }
        if let index = features.firstIndex(where: { !$0.isFinite }) {
            throw DatasetError(
                .invalidValue,
                "sample \(index / featureCount) has the value \(features[index]) for feature \(index % featureCount); "
                    + "remove the sample or fill the gap with a number")
        }
        let classes = classCount ?? (Int(labels.max() ?? 0) + 1)
        guard classes > 0 else {
            throw DatasetError(.invalidSettings, "there must be at least one class, not \(classes)")
        }
        if let index = labels.firstIndex(where: { $0 < 0 || Int($0) >= classes }) {
            throw DatasetError(
                .invalidLabel,
                "sample \(index) has label \(labels[index]), but labels run from 0 to \(classes - 1); "
                    + "renumber the labels or raise the number of classes")
        }
        self.init(checked: features, labels, featureCount, classes)
    }

    /// Data whose invariants the caller has established.
    init(checked features: [Float], _ labels: [Int32], _ featureCount: Int, _ classCount: Int) {
        self.features = features
        self.labels = labels
        self.featureCount = featureCount
        self.classCount = classCount
    }

    /// The samples at `indices`, in that order.
    /// - Precondition: indices lie in 0 ..< `count`.
    public func subset(_ indices: [Int]) -> LabelledData {
        var features: [Float] = []
        features.reserveCapacity(indices.count * featureCount)
        var labels: [Int32] = []
        labels.reserveCapacity(indices.count)
        for index in indices {
            features.append(contentsOf: self.features[(index * featureCount)..<((index + 1) * featureCount)])
            labels.append(self.labels[index])
        }
        return LabelledData(checked: features, labels, featureCount, classCount)
    }

    /// How many samples each class has, by class.
    public var countsByClass: [Int] {
        var counts = [Int](repeating: 0, count: classCount)
        for label in labels { counts[Int(label)] += 1 }
        return counts
    }

    /// The same samples, their labels checked against another number of classes.
    /// - Throws: `DatasetError.Kind.invalidLabel` when a label is `classes` or more.
    public func withClasses(_ classes: Int) throws(DatasetError) -> LabelledData {
        guard classes != classCount else { return self }
        return try LabelledData(
            features: features, labels: labels, featureCount: featureCount, classCount: classes)
    }
}
