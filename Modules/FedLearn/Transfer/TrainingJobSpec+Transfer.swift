import Contracts

extension TrainingJobSpec {
    /// Which of the model's tensors stay as they are in the model it starts from, as indices.
    func frozenIndices(of tensors: [TensorSpec]) -> [Int] {
        guard let transfer else { return [] }
        guard let frozen = transfer.frozen else {
            let last = tensors.last.map { Self.layer(of: $0) }
            return tensors.indices.filter { Self.layer(of: tensors[$0]) != last }
        }
        return tensors.indices.filter { index in frozen.contains { ModelSpec.names($0, tensors[index].name) } }
    }

    /// The tensors that no update carries, as indices: the personal and the frozen ones.
    func withheldIndices(of tensors: [TensorSpec]) -> [Int] {
        let withheld = Set(model.personalIndices(of: tensors) + frozenIndices(of: tensors))
        return tensors.indices.filter(withheld.contains)
    }

    /// A tensor's name without its last part.
    private static func layer(of tensor: TensorSpec) -> Substring {
        let name = tensor.name
        return name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
    }
}

extension TrainOrder {
    /// The tensors that no update carries, as indices: the personal and the frozen ones.
    func withheldIndices(of tensors: [TensorSpec]) -> [Int] {
        let (own, frozen) = (Set(model.personalIndices(of: tensors)), Set(frozen ?? []))
        return tensors.indices.filter { own.contains($0) || frozen.contains(tensors[$0].name) }
    }
}
