import Core
import HTTPKit
public import Telemetry

/// What an operator says about the archive, as a section of a daemon's configuration.
public struct ArchiveSettings: Codable, Sendable, Hashable {
    /// Where the object store is, such as `https://s3.example.org`; empty for no archive.
    public var endpoint = ""
    public var bucket = ""
    public var region = "us-east-1"
    /// What all keys begin with; one machine writes below it.
    public var prefix = "gedge/"
    /// How the bucket is named: `path` for `https://HOST/BUCKET`, `virtual-host` for `https://BUCKET.HOST`.
    public var addressing = S3Configuration.Addressing.path
    /// A file with the keys, as Amazon's tools write it, that only its owner may read.
    public var credentialsFile = ""
    /// The section of that file.
    public var profile = "default"
    /// Certificates (PEM) to trust in place of the system's; empty for the system's.
    public var caFile = ""
    /// A proxy, `http://HOST:PORT`; empty for none.
    public var proxy = ""
    /// Beginnings of the references whose manifests are copied; all when there are none.
    public var references: [String] = []
    /// How long a manifest must have been here before it is copied.
    public var settle: Duration = .seconds(300)
    /// How long after one look for what is to be copied or repaired the next follows.
    public var interval: Duration = .seconds(30)
    /// What happens in the archive when a manifest is not needed here any more: `keep` or `mirror`.
    public var retention = ArchiveServiceConfiguration.Retention.keep

    /// The defaults: no archive.
    public init() {}

    /// Whether there is an archive.
    public var isOn: Bool { !endpoint.isEmpty }

    /// One line for each setting, for the usage text; the keys begin with `prefix`.
    public static func help(under prefix: String) -> [String: String] {
        [
            "endpoint": "the object store models are archived in; none if empty",
            "bucket": "the bucket of the archive", "region": "the bucket's region",
            "prefix": "what the archive's keys begin with",
            "addressing": "path, or virtual-host for the bucket's name before the host's",
            "credentialsFile": "a file with the archive's keys, mode 0600", "profile": "the section of that file",
            "caFile": "certificates to trust for the archive", "proxy": "a proxy to reach the archive by",
            "references": "what is archived, by the beginnings of references; all if empty",
            "settle": "how long a model is here before it is archived",
            "interval": "how long after one look for what to archive the next follows",
            "retention": "keep or mirror what is released here",
        ].reduce(into: [:]) { $0["\(prefix).\($1.key)"] = $1.value }
    }

    /// Looks at everything that can be seen wrong without asking the store.
    /// - Throws: `DataSyncError`, which names the setting's trouble.
    public func validate(relativeTo directory: String) throws {
        guard isOn else {
            guard bucket.isEmpty, credentialsFile.isEmpty else {
                throw DataSyncError(
                    .invalidRequest, "archive.endpoint is missing: an archive needs endpoint and bucket")
            }
            return
        }
        guard interval >= .milliseconds(100), settle >= .zero else {
            throw DataSyncError(
                .invalidRequest, "archive.interval must be 100ms or more, and archive.settle not negative")
        }
        guard !credentialsFile.isEmpty else {
            throw DataSyncError(.invalidRequest, "archive.credentialsFile is missing: a file with the archive's keys")
        }
        _ = try objects(relativeTo: directory)
        _ = try S3CredentialsFile(path: path(credentialsFile, directory), profile: profile).load()
    }

    /// The service that copies what `dataSync` has, or `nil` when there is no archive.
    /// - Parameter directory: what relative paths start from.
    public func service(
        for dataSync: DataSyncService, relativeTo directory: String, logger: Logger,
        metrics: MetricsRegistry
    ) throws -> ArchiveService? {
        guard isOn else { return nil }
        var archive = ShardArchive.Configuration()
        archive.prefix = prefix
        archive.limits = dataSync.configuration.limits
        var service = ArchiveServiceConfiguration()
        service.references = references
        service.settle = settle
        service.interval = interval
        service.retention = retention
        let logger = logger.labelled("archive")
        return ArchiveService(
            archive: try ShardArchive(
                objects: try objects(relativeTo: directory), database: dataSync.store, configuration: archive,
                logger: logger),
            database: dataSync.store, local: dataSync.shards, writers: dataSync.writers, configuration: service,
            logger: logger, metrics: metrics)
    }

    private func objects(relativeTo directory: String) throws -> S3ObjectStore {
        var http = HTTPClientConfiguration()
        if !caFile.isEmpty { http.authorityFile = path(caFile, directory) }
        if !proxy.isEmpty { http.proxy = HTTPClientConfiguration.Proxy(url: proxy) }
        http.userAgent = "gedge/\(Version.current)"
        return try S3ObjectStore(
            configuration: S3Configuration(endpoint: endpoint, bucket: bucket, region: region, addressing: addressing),
            credentials: .file(S3CredentialsFile(path: path(credentialsFile, directory), profile: profile)),
            client: HTTPClient(configuration: http))
    }

    private func path(_ path: String, _ directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }
}
