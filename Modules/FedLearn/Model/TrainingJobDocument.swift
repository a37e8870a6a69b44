import Contracts
import Core
import YAMLKit

/// A `TrainingJob` as its user writes it.
struct TrainingJobDocument: Codable, Sendable, Hashable {
    struct Metadata: Codable, Sendable, Hashable {
        var group: Name
        var project: Name
        var name: Name
        var labels: [String: String]?
        /// Written by the platform; here so that what `gedge get -o yaml` prints can be applied again.
        var created: Timestamp?
        var uid: String?
    }

    var apiVersion: String
    var kind: String
    var metadata: Metadata
    var spec: TrainingJobSpec
    /// Written by the platform; read and dropped.
    var status: JSONValue?

    /// Reads a document and checks what its types cannot; what the platform wrote into it is dropped.
    /// - Parameter source: how messages name the document, such as `job.yaml`.
    /// - Throws: `YAMLError` for what is not a job; `FedLearnError` `invalid` with every value at fault, its line and its
    ///   range.
    static func read(
        _ text: String, source: String, firstLine: Int = 1, strategies: StrategyCatalogue = .standard
    ) throws -> TrainingJobDocument {
        let root = try YAML.document(text, source: source, firstLine: firstLine).root
        var document = try YAML.decode(TrainingJobDocument.self, from: root)
        let faults =
            ResourceRecord.headFaults(of: root, expecting: .trainingJob) + document.faults(in: root, strategies)
        guard faults.isEmpty else { throw FedLearnError("invalid", faults.joined(separator: "; ")) }
        document.status = nil
        document.metadata.created = nil
        document.metadata.uid = nil
        return document
    }

    /// The values that are out of their range, each with its place in `root`, which this document was read from.
    private func faults(in root: YAMLNode, _ strategies: StrategyCatalogue) -> [String] {
        var faults: [String] = []
        func check(_ field: String, _ isValid: Bool, _ rule: String, _ value: some CustomStringConvertible) {
            if !isValid { faults.append("\(root.location(of: field)): \(field) must be \(rule), not \(value)") }
        }
        faults += typeFaults(in: root)
        check("spec.rounds", (1...100_000).contains(spec.rounds), "1 to 100000", spec.rounds)
        faults += reinforcementFaults(in: root)
        if spec.model.kind == .external, spec.environment == nil {
            faults += externalFaults(in: root)
        } else {
            if let data = spec.data, spec.environment == nil {
                check("spec.data.features", (1...1_000_000).contains(data.features), "1 to 1000000", data.features)
                check("spec.data.classes", (2...100_000).contains(data.classes), "2 to 100000", data.classes)
            }
            faults += modelFaults(in: root)
        }
        if let value = spec.optimizer?.learningRate {
            check("spec.optimizer.learningRate", value > 0 && value <= 100, "above 0 and at most 100", value)
        }
        if let value = spec.optimizer?.momentum {
            check("spec.optimizer.momentum", value >= 0 && value < 1, "at least 0 and below 1", value)
        }
        if spec.localOptimizer.kind ?? .sgd != .sgd {
            for (field, isGiven) in [
                ("momentum", spec.optimizer?.momentum != nil), ("nesterov", spec.optimizer?.nesterov != nil),
            ] {
                check("spec.optimizer.\(field)", !isGiven, "left out for Adam and AdamW", "given")
            }
        }
        if let value = spec.optimizer?.weightDecay {
            check("spec.optimizer.weightDecay", value >= 0 && value <= 1, "0 to 1", value)
        }
        if let value = spec.optimizer?.batchSize {
            check("spec.optimizer.batchSize", (1...1_000_000).contains(value), "1 to 1000000", value)
        }
        if let value = spec.optimizer?.localEpochs {
            check("spec.optimizer.localEpochs", (1...10_000).contains(value), "1 to 10000", value)
        }
        let minimum = spec.clients?.minimum ?? 1
        check("spec.clients.minimum", (1...100_000).contains(minimum), "1 to 100000", minimum)
        if let value = spec.clients?.maximum {
            check("spec.clients.maximum", value >= minimum, "at least spec.clients.minimum (\(minimum))", value)
        }
        if let edges = spec.clients?.edges {
            check(
                "spec.clients.edges", edges.count >= minimum, "at least spec.clients.minimum (\(minimum)) names",
                edges.count)
        }
        for (field, message) in spec.clients?.selectionFaults ?? [] {
            faults.append("\(root.location(of: "spec.clients.\(field)")): spec.clients.\(field) \(message)")
        }
        if let value = spec.clients?.maximumSamples {
            check("spec.clients.maximumSamples", value >= 1, "at least 1", value)
        }
        if let value = spec.clients?.maximumNormRatio {
            check("spec.clients.maximumNormRatio", value > 1 && value.isFinite, "above 1", value)
        }
        if let value = spec.compression?.fraction {
            check(
                "spec.compression.fraction", spec.compression?.kind == .topK, "left out unless kind is top-k", "given")
            check("spec.compression.fraction", value > 0 && value <= 1, "above 0 and at most 1", value)
        }
        faults += privacyFaults(in: root) + transferFaults(in: root) + targetFaults(in: root)
        if let strategy = spec.strategy {
            for fault in strategies.faults(of: strategy) {
                faults.append("\(root.location(of: fault.field)): \(fault.field) \(fault.message)")
            }
        }
        if let value = spec.roundDeadlineSeconds {
            check("spec.roundDeadlineSeconds", value >= 0.1 && value <= 86_400, "0.1 to 86400", value)
        }
        for (field, isValid, rule, value) in spec.placement?.rules ?? [] {
            check("spec.placement.\(field)", isValid, rule, value)
        }
        if faults.isEmpty, spec.model.personal != nil { faults += personalFaults(in: root) }
        if faults.isEmpty { faults += frozenFaults(in: root) }
        if faults.isEmpty {
            do {
                let strategy = try strategies.strategy(of: spec)
                check(
                    "spec.clients.minimum", minimum >= strategy.minimumUpdates,
                    "at least \(strategy.minimumUpdates), the fewest that strategy '\(type(of: strategy).kind)' is defined for,",
                    minimum)
                if spec.environment != nil, strategy.duties.reportsBaseLoss {
                    faults.append(
                        "\(root.location(of: "spec.strategy")): spec.strategy.kind '\(type(of: strategy).kind)' goes by the edges' "
                            + "losses on their data, and a job with spec.environment has none")
                }
                if strategy.duties.controlVariate != nil {
                    faults += controlFaults(of: type(of: strategy).kind, in: root)
                }
                if spec.privacy != nil, !strategy.needsOnlyMean {
                    faults.append(
                        "\(root.location(of: "spec.strategy")): spec.strategy.kind '\(type(of: strategy).kind)' needs more of the "
                            + "updates than their mean, which is all that spec.privacy gives; take one of "
                            + strategies.meanKinds.joined(separator: ", "))
                }
            } catch { faults.append("\(root.location(of: "spec.strategy")): \(error)") }
        }
        if faults.isEmpty, spec.architecture.parameterCount > 500_000_000 {
            faults.append(
                "\(root.location(of: "spec.model")): spec.model has \(spec.architecture.parameterCount) parameters; the "
                    + "most this version trains is 500000000")
        }
        return faults
    }
    /// What is wrong with `spec.model.personal`, of a network that is sound otherwise.
    private func personalFaults(in root: YAMLNode) -> [String] {
        let field = "spec.model.personal"
        do {
            let tensors = try spec.architecture.tensors
            let layers = Set(tensors.map { String($0.name.prefix { $0 != "." }) })
            var faults = spec.model.strangers(to: tensors).map { name in
                "\(root.location(of: field)): \(field) names no tensor or layer: '\(name.prefix(60))'"
                    + NearestName.hint(for: name, among: tensors.map(\.name) + layers, noun: "names")
            }
            if spec.model.personalIndices(of: tensors).count == tensors.count {
                faults.append("\(root.location(of: field)): \(field) leaves nothing to learn together")
            }
            return faults
        } catch { return ["\(root.location(of: "spec.model")): \(error)"] }
    }
}
