import Contracts

extension ModelSpec {
    /// Which of the tensors each edge keeps to itself, as indices.
    func personalIndices(of tensors: [TensorSpec]) -> [Int] {
        tensors.indices.filter { index in (personal ?? []).contains { Self.names($0, tensors[index].name) } }
    }

    /// Names in `personal` that are neither a tensor nor a layer of them.
    func strangers(to tensors: [TensorSpec]) -> [String] {
        (personal ?? []).filter { name in !tensors.contains { Self.names(name, $0.name) } }
    }

    static func names(_ name: String, _ tensor: String) -> Bool {
        tensor == name || tensor.hasPrefix(name + ".")
    }
}
