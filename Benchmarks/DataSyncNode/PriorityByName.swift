import DataSync
import Contracts

/// Lets everything go: metrics before what is no metrics, and raw data after it.
struct PriorityByName: TransferPolicy {
    func mayFetch(_ ask: TransferAsk) async throws -> TransferDecision { .allow(terms(ask)) }
    func mayServe(_ ask: TransferAsk) async throws -> TransferDecision { .allow(TransferTerms()) }

    private func terms(_ ask: TransferAsk) -> TransferTerms {
        switch ask.tags?.artefact {
        case .metrics: TransferTerms(priority: .urgent)
        case .rawData: TransferTerms(priority: .bulk)
        default: TransferTerms()
        }
    }
}
