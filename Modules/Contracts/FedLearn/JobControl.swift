public import Core

extension FedLearnContract {
    /// Operator to core: hold a job, let it go on, or end it. Answered when that is stored and its round has stopped.
    public static let control = Call<JobControl, Empty>("fedlearn.control", audience: .operators)
}

/// What becomes of a job. Asking for what is so already changes nothing.
public struct JobControl: Codable, Sendable, Hashable {
    public enum Action: String, Codable, Sendable, Hashable, CaseIterable {
        /// At once: what edges are training is lost, what was counted stays.
        case pause
        case resume
        /// For good, unless the job is applied again; its models stay.
        case cancel
    }

    public var job: Name
    public var action: Action

    public init(job: Name, action: Action) {
        self.job = job
        self.action = action
    }
}
