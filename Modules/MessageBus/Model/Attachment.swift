/// Immutable bytes that travel beside a message's body and are shared, never copied, between sender, queue and socket, and
/// between socket and receiver.
///
/// A received attachment is the very memory that libzmq read into; it is given back when the last copy of this value goes.
public struct Attachment: Sendable {
    private let storage: AttachmentStorage

    /// Takes hold of `bytes` without a copy.
    public init(_ bytes: [UInt8]) { storage = AttachmentStorage(array: bytes) }

    /// Copies `bytes` into memory of its own.
    public init(copying bytes: UnsafeRawBufferPointer) { storage = AttachmentStorage(copying: bytes) }

    /// Lends `bytes`, which stay valid and unchanged for as long as `owner` lives, without a copy.
    public init(owner: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer) {
        storage = AttachmentStorage(owner: owner, bytes: bytes)
    }

    init(storage: AttachmentStorage) { self.storage = storage }

    /// How many bytes there are.
    public var count: Int { storage.bytes.count }

    /// Lends the bytes; the pointer is valid inside `body` only.
    public func withUnsafeBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(storage.bytes)
    }

    /// The bytes and who keeps them: they stay valid and unchanged for as long as `owner` lives.
    public var shared: (owner: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer) { (storage, storage.bytes) }

    /// A copy of the bytes, for small attachments and tests.
    public var array: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// The memory's owner, for the socket that sends it.
    var owner: AttachmentStorage { storage }
}
