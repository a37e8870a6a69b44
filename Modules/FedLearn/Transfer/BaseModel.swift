import Contracts
import Core
import MessageBus
import NeuralNet
import Tensor

/// A trained model that another job starts from.
struct BaseModel: Sendable {
    /// `{group}/{project}/{round}`.
    let name: String
    let tensors: [NamedTensor]

    /// What a job's untrained network becomes by it: tensors of the same name and shape are the base model's, the others begin
    /// anew.
    /// - Returns: the tensors, and the names of those that begin anew.
    /// - Throws: as `anew(_:of:frozen:from:)`.
    func applied(to fresh: [NamedTensor], frozen: [Int]) throws -> (tensors: [Tensor], anew: [String]) {
        let own = fresh.map { TensorSpec(name: $0.name, shape: $0.tensor.shape) }
        let anew = try Self.anew(
            tensors.map { TensorSpec(name: $0.name, shape: $0.tensor.shape) }, of: own, frozen: frozen, from: name)
        let given = Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
        return (fresh.map { anew.contains($0.name) ? $0.tensor : given[$0.name] ?? $0.tensor }, anew)
    }

    /// Which of a network's tensors a base model does not give.
    /// - Parameters:
    ///   - base: the base model's tensors.
    ///   - frozen: those of `tensors` that it has to give, as indices.
    ///   - name: the base model's.
    /// - Throws: `FedLearnError` `unfit-base` when a frozen tensor is not in the base model, or nothing is.
    static func anew(
        _ base: [TensorSpec], of tensors: [TensorSpec], frozen: [Int], from name: String
    ) throws -> [String] {
        let shapes = Dictionary(base.map { ($0.name, $0.shape) }) { first, _ in first }
        let missing = tensors.indices.filter { shapes[tensors[$0].name] != tensors[$0].shape }
        if let index = missing.first(where: Set(frozen).contains) {
            let tensor = tensors[index]
            let has = shapes[tensor.name].map { "has it with shape \($0)" } ?? "has no such tensor"
            throw FedLearnError(
                "unfit-base",
                "'\(tensor.name)' of shape \(tensor.shape) is frozen, but model '\(name)' \(has); leave it out of "
                    + "spec.transfer.frozen, or start from another model")
        }
        guard missing.count < tensors.count else {
            throw FedLearnError(
                "unfit-base",
                "model '\(name)' gives no tensor of the job's model; it has "
                    + base.prefix(4).map { "\($0.name) \($0.shape)" }.joined(separator: ", ") + "; the job has "
                    + tensors.prefix(4).map { "\($0.name) \($0.shape)" }.joined(separator: ", "))
        }
        return missing.map { tensors[$0].name }
    }
}

extension FedLearnCoordinator {
    /// The model of a committed round, with the names of its tensors.
    /// - Throws: `FedLearnError` `not-found`; what `DataSync` says of a damaged model.
    func baseModel(_ name: String, for job: Job) async throws -> BaseModel {
        let model = try await model(named: name)
        let transfer = ModelTransfer(bus: bus, trace: job.traceID)
        let manifest = try await transfer.manifest(model.round.manifest)
        let tensors = try await transfer.read(manifest)
        return BaseModel(
            name: name, tensors: zip(manifest.tensors, tensors).map { NamedTensor(name: $0.name, tensor: $1) })
    }

    /// Refuses a job whose base model there is not, or does not fit.
    func checkBase(of spec: TrainingJobSpec, source: String) async throws {
        guard let transfer = spec.transfer else { return }
        do {
            let model = try await model(named: transfer.base)
            let base = try await ModelTransfer(bus: bus, trace: .none).manifest(model.round.manifest)
            let tensors = try spec.architecture.tensors
            _ = try BaseModel.anew(
                base.tensors, of: tensors, frozen: spec.frozenIndices(of: tensors), from: transfer.base)
        } catch let error as FedLearnError {
            throw FedLearnError(error.code, "\(source): spec.transfer.base: \(error.message)")
        }
    }
}
