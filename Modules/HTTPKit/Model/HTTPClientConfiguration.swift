public import Telemetry

/// How a client connects, waits and bounds what it holds. The environment (`http_proxy`, `no_proxy`, `.netrc`) has no say.
public struct HTTPClientConfiguration: Sendable {
    /// A proxy that requests go through.
    public struct Proxy: Sendable {
        /// `http://HOST:PORT`, without a user.
        public var url: String
        public var user: String?
        public var password: Redacted<String>?
        /// Hosts that are reached without it, separated by commas.
        public var exceptions = ""

        public init(url: String, user: String? = nil, password: Redacted<String>? = nil) {
            self.url = url
            self.user = user
            self.password = password
        }
    }

    /// A file of certificates (PEM) to trust in place of the system's. Certificates are always verified.
    public var authorityFile: String?
    public var proxy: Proxy?
    /// How long a connection, with its TLS handshake, may take.
    public var connectTimeout: Duration = .seconds(10)
    /// How long nothing may move in either direction; found out within twice as long.
    public var idleTimeout: Duration = .seconds(30)
    /// Connections at the same time; requests beyond wait for one.
    public var maximumConnections = 32
    public var maximumConnectionsPerHost = 8
    /// Bytes of an answer that are held before its reader takes them.
    public var receiveBufferBytes = 1 << 20
    /// Bytes of a streamed body that are held before they are sent.
    public var sendBufferBytes = 256 << 10
    /// Bytes of an answer's head.
    public var maximumHeaderBytes = 64 << 10
    public var userAgent = "gedge"

    public init() {}
}
