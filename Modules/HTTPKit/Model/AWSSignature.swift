public import Telemetry

/// What signs a request by AWS Signature Version 4 (docs.aws.amazon.com, "Signature Version 4 signing process"), as libcurl
/// computes it.
public struct AWSSignature: Sendable {
    public var region: String
    public var service: String
    public var accessKey: String
    public var secretKey: Redacted<String>

    public init(region: String, service: String, accessKey: String, secretKey: Redacted<String>) {
        self.region = region
        self.service = service
        self.accessKey = accessKey
        self.secretKey = secretKey
    }
}
