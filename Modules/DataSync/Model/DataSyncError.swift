public import Core

/// What went wrong with shards, manifests or a transfer.
public struct DataSyncError: ModuleError {
    /// The kinds of failure this module finds itself; the raw value is the stable `code`.
    public enum Kind: String, Sendable, CaseIterable {
        /// Nothing here has this digest.
        case missing
        /// Bytes that do not hash to the name they came under; what was on disk is put aside.
        case corruptShard = "corrupt-shard"
        /// A manifest that breaks the rules; see `ManifestRules`.
        case invalidManifest = "invalid-manifest"
        /// A manifest that nobody signed.
        case unsigned
        /// A signature that is none, or is of something else.
        case badSignature = "bad-signature"
        /// A signature of somebody whose signature does not count here.
        case unknownWriter = "unknown-writer"
        /// More bytes than the caller expects or the limits allow.
        case tooLarge = "too-large"
        /// A request that cannot be carried out as it is.
        case invalidRequest = "invalid-request"
        /// The source sent something else than it was asked for.
        case protocolViolation = "protocol-violation"
        /// A peer took or sent nothing for too long.
        case stalled
        /// An operator paused transfers with this peer; ask again later.
        case paused
        /// An operator cancelled the transfer.
        case cancelled
        /// A policy that cannot be applied.
        case invalidPolicy = "invalid-policy"
        /// There is no such policy or data set.
        case notFound = "not-found"
        /// What is asked for is in the way of something else.
        case conflict
        /// A rule refused it.
        case refused
        /// A rule holds it back until later.
        case deferred
        /// The directory holds what an earlier version wrote.
        case oldLayout = "old-layout"
        /// A native library failed.
        case native
        /// Credentials that cannot be used, or that an object store refuses.
        case accessDenied = "access-denied"
        /// An object store answered what it should not.
        case objectStore = "object-store"
    }

    public let code: String
    public let message: String
    public let cause: (any Error)?
    public let isRetriable: Bool

    public init(_ kind: Kind, _ message: String, isRetriable: Bool = false) {
        code = kind.rawValue
        self.message = message
        cause = nil
        self.isRetriable = isRetriable
    }

    /// An error with a code that is no `Kind`, for use within the module.
    init(code: String, _ message: String, cause: any Error) {
        self.code = code
        self.message = message
        self.cause = cause
        isRetriable = false
    }

    /// What `error` means for the work described by `context`; its code and whether it may pass are kept.
    init(_ error: any Error, during context: String) {
        let failure = Failure(error)
        code = failure.code
        message = context
        cause = error
        isRetriable = failure.isRetriable
    }

    /// Whether this error is of `kind`.
    public func `is`(_ kind: Kind) -> Bool { code == kind.rawValue }
}
