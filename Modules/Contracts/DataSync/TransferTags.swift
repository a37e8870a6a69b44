public import Core

/// What a manifest is, in the words of policies: said by who publishes it, and again by who fetches it for its own side's
/// rules. A cloud that is asked for a manifest goes by what it was told itself, never by the asker's word.
public struct TransferTags: Codable, Sendable, Hashable {
    public var artefact: Artefact
    public var workload: Workload?
    /// The training job it belongs to.
    public var job: Name?
    /// The policy that the job names; the workload's own when it names none.
    public var policy: Name?
    /// The round it belongs to.
    public var round: Int?
    /// The data set it is a version of.
    public var dataset: DatasetName?
    /// How many records it holds, for rules that wait until enough have gathered.
    public var records: Int?
    /// Whether what would identify a person was taken out. Absent for no.
    public var isAnonymised: Bool?

    public init(
        artefact: Artefact, workload: Workload? = nil, job: Name? = nil, policy: Name? = nil, round: Int? = nil,
        dataset: DatasetName? = nil, records: Int? = nil, isAnonymised: Bool? = nil
    ) {
        self.artefact = artefact
        self.workload = workload
        self.job = job
        self.policy = policy
        self.round = round
        self.dataset = dataset
        self.records = records
        self.isAnonymised = isAnonymised
    }
}
