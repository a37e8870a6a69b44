public enum ElementType: String, Codable, Sendable, Hashable {
    case float32

    public var bytes: Int { 4 }
}

/// A tensor's place in a manifest.
public struct TensorSpec: Codable, Sendable, Hashable {
    public var name: String
    public var shape: [Int]
    public var type: ElementType

    public init(name: String, shape: [Int], type: ElementType = .float32) {
        self.name = name
        self.shape = shape
        self.type = type
    }
}

/// A file's place in a manifest.
public struct FileSpec: Codable, Sendable, Hashable {
    /// Relative, with `/` between its parts; compared as UTF-8 bytes, whatever Unicode calls equal.
    public var path: String
    public var size: Int
    /// Permission bits, 0 to 0o777.
    public var mode: Int
    /// When the file was last changed, in milliseconds since 1970.
    public var modified: Int

    public init(path: String, size: Int, mode: Int, modified: Int) {
        self.path = path
        self.size = size
        self.mode = mode
        self.modified = modified
    }
}

/// A stretch of a tensor's bytes, or of all files' bytes.
public struct ShardSpec: Codable, Sendable, Hashable {
    /// The shard's only leaf's digest, or with several leaves that of their list.
    public var digest: Digest
    /// Bytes when raw.
    public var size: Int
    /// Which tensor, as an index into the manifest's tensors. All files are one entry, 0: their bytes one behind the other.
    public var entry: Int
    /// Byte offset within that entry.
    public var offset: Int
    /// Of how many leaves it consists.
    public var leaves: Int

    public init(digest: Digest, size: Int, entry: Int, offset: Int, leaves: Int = 1) {
        self.digest = digest
        self.size = size
        self.entry = entry
        self.offset = offset
        self.leaves = leaves
    }
}

/// A table of contents, of a model's tensors or of a directory's files. Its digest is the SHA-256 of its canonical JSON
/// (sorted keys, no white space).
public struct Manifest: Codable, Sendable, Hashable {
    /// The version that this program writes and reads.
    public static let currentVersion = 2

    public var version: Int
    public var tensors: [TensorSpec]
    /// In order of their paths' bytes; empty when there are tensors.
    public var files: [FileSpec]
    /// In order of entry, then offset.
    public var shards: [ShardSpec]

    public init(
        version: Int = Manifest.currentVersion, tensors: [TensorSpec] = [], files: [FileSpec] = [], shards: [ShardSpec]
    ) {
        self.version = version
        self.tensors = tensors
        self.files = files
        self.shards = shards
    }

    /// Bytes of all tensors or files when raw.
    public var rawBytes: Int { shards.reduce(0) { $0 + $1.size } }
}
