import Contracts

extension TransferPriority {
    /// What an urgent transfer may weigh, raw; a larger one travels as a normal one.
    static let urgentBytes = 64 << 10

    /// The lane it travels by.
    var lane: Lane {
        switch self {
        case .urgent: .control
        case .normal: .model
        case .bulk: .bulk
        }
    }

    /// The priority of so many bytes.
    func carrying(_ bytes: Int) -> TransferPriority { self == .urgent && bytes > Self.urgentBytes ? .normal : self }
}
