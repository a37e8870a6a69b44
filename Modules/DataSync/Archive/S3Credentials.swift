public import Telemetry

/// What proves to an object store who asks.
public struct S3Credentials: Sendable {
    public var accessKey: String
    public var secretKey: Redacted<String>
    /// Of temporary credentials.
    public var sessionToken: Redacted<String>?

    public init(accessKey: String, secretKey: Redacted<String>, sessionToken: Redacted<String>? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }
}
