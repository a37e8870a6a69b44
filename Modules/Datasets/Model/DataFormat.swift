/// The kinds of data file this module reads.
public enum DataFormat: String, Codable, Sendable, Hashable, CaseIterable {
    /// Comma-separated values (RFC 4180), one sample a row.
    case csv
    /// One NumPy array (NEP 1).
    case npy
    /// Several NumPy arrays in a zip archive.
    case npz
    /// The format of the MNIST files: images in one file, labels in another.
    case idx
    /// CIFAR-10's binary version: one file, or a folder with `data_batch_1.bin` to `data_batch_5.bin`.
    case cifar10

    /// The format that a file's name promises, or `nil` when it promises none.
    ///
    /// A trailing `.gz` is passed over; `t10k-images-idx3-ubyte` and the like are IDX.
    public static func inferred(from path: String) -> DataFormat? {
        var name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        if name.hasSuffix(".gz") { name.removeLast(3) }
        if name.hasSuffix(".csv") || name.hasSuffix(".tsv") { return .csv }
        if name.hasSuffix(".npy") { return .npy }
        if name.hasSuffix(".npz") { return .npz }
        if name.hasSuffix(".idx") || name.hasSuffix("-ubyte") || name.hasSuffix(".idx3-ubyte") { return .idx }
        if name.hasSuffix(".bin") || name == "cifar-10-batches-bin" { return .cifar10 }
        return nil
    }
}
