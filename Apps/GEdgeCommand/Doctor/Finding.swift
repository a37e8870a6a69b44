/// What one check of the machine found.
struct Finding: Sendable, Hashable, Encodable {
    enum Level: String, Sendable, Hashable, Encodable {
        case ok, warn, fail
    }

    let level: Level
    /// What was looked at, such as `memory`.
    let subject: String
    let detail: String
    /// What a person does about it; `nil` when all is well.
    let fix: String?

    static func ok(_ subject: String, _ detail: String) -> Finding {
        Finding(level: .ok, subject: subject, detail: detail, fix: nil)
    }

    static func warn(_ subject: String, _ detail: String, fix: String) -> Finding {
        Finding(level: .warn, subject: subject, detail: detail, fix: fix)
    }

    static func fail(_ subject: String, _ detail: String, fix: String) -> Finding {
        Finding(level: .fail, subject: subject, detail: detail, fix: fix)
    }
}
