/// A trained model that a job starts from.
public struct TransferSpec: Codable, Sendable, Hashable {
    /// The model, `{group}/{project}/{round}`.
    public var base: String
    /// Layers (`conv1`) or tensors (`conv1.weight`) that stay as they are in `base`. Default: all but the last layer's.
    public var frozen: [String]?

    public init(base: String, frozen: [String]? = nil) {
        self.base = base
        self.frozen = frozen
    }
}
