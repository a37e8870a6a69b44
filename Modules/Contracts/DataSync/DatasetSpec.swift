public import Core

/// What a user writes under `spec` of a `Dataset`.
public struct DatasetSpec: Codable, Sendable, Hashable {
    /// For people.
    public var description: String?
    /// What its versions hold. Default: raw data.
    public var artefact: Artefact?
    /// The policy under which its versions move. Default: `default`.
    public var sync: Name?
    /// Which versions are kept. Default: as the policy's rule says. The newest and those that are pinned always are.
    public var retention: Retention?

    public init(
        description: String? = nil, artefact: Artefact? = nil, sync: Name? = nil, retention: Retention? = nil
    ) {
        self.description = description
        self.artefact = artefact
        self.sync = sync
        self.retention = retention
    }
}
