public import Core

/// Where an S3-compatible object store is and how it is spoken to.
public struct S3Configuration: Sendable {
    /// Where the bucket's name stands in a URL.
    public enum Addressing: String, Sendable, Hashable, Codable {
        /// `https://HOST/BUCKET/KEY`, which every store understands.
        case path
        /// `https://BUCKET.HOST/KEY`, as Amazon wants it.
        case virtualHost = "virtual-host"
    }

    /// `https://HOST[:PORT]`, or `http://` on a network that is trusted.
    public var endpoint: String
    public var bucket: String
    public var region: String
    public var addressing: Addressing
    /// How patiently a request is tried again after a failure that may pass.
    public var retry = RetryPolicy(base: .milliseconds(200), maximum: .seconds(20), attempts: 8)
    /// Parts of one upload that are under way at the same time; each is in memory.
    public var parallelParts = 3

    public init(endpoint: String, bucket: String, region: String = "us-east-1", addressing: Addressing = .path) {
        self.endpoint = endpoint
        self.bucket = bucket
        self.region = region
        self.addressing = addressing
    }
}
