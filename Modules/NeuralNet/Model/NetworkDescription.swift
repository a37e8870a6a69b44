/// A network of layers, before it has parameters: what goes in, and the layers in order.
///
/// The last layer's outputs are the logits of the classes.
public struct NetworkDescription: Sendable, Hashable {
    /// The shape of a sample: [features], or [channels, height, width].
    public var input: [Int]
    public var layers: [NamedLayer]

    public init(input: [Int], layers: [NamedLayer]) {
        self.input = input
        self.layers = layers
    }

    /// Layers that are named by their place, as PyTorch's `Sequential` names them: `0`, `1`, …; in a residual block
    /// `2.body.0` and `2.shortcut.0`.
    public init(input: [Int], sequence: [Layer]) {
        self.init(input: input, layers: Self.numbered(sequence, prefix: ""))
    }

    private static func numbered(_ layers: [Layer], prefix: String) -> [NamedLayer] {
        layers.enumerated().map { index, layer in
            let name = "\(prefix)\(index)"
            guard case .residual(let body, let shortcut) = layer else { return NamedLayer(name, layer) }
            return NamedLayer(
                name,
                .residual(
                    body: numbered(body.map(\.layer), prefix: "\(name).body."),
                    shortcut: numbered(shortcut.map(\.layer), prefix: "\(name).shortcut.")))
        }
    }

    /// How many numbers a sample has.
    public var featureCount: Int { input.reduce(1, *) }

    /// How many values a sample becomes on its way, over all layers; 0 for layers that make no network.
    public var activationCount: Int {
        do throws(NetworkError) {
            return try Graph(self).shapes.reduce(0) { $0 + $1.reduce(1, *) }
        } catch { return 0 }
    }

    /// Names and shapes of what the network learns and keeps, in the order of `LayeredNetwork.parameters`.
    /// - Throws: `NetworkError.Kind.invalidArchitecture` for layers that make no network, by the name of the first at fault.
    public func parameterShapes() throws(NetworkError) -> [(name: String, shape: [Int])] {
        try Graph(self).parameters.map { ($0.name, $0.shape) }
    }

    /// How many classes the network tells apart.
    /// - Throws: as `parameterShapes()`.
    public func classCount() throws(NetworkError) -> Int { try Graph(self).classCount }
}
