import NeuralNet

/// Small networks that have every kind of layer; `Tests/peers/torch_vectors.py` builds the same.
enum LayerFixtures {
    /// By the name of the file with PyTorch's results.
    static let networks: [(name: String, description: NetworkDescription)] = [
        (
            "layers",
            NetworkDescription(
                input: [3, 11, 10],
                sequence: [
                    .convolution(.init(8, kernel: 3, stride: 2, padding: 1, hasBias: false)), .batchNorm(), .relu,
                    .convolution(.init(8, kernel: 3, padding: 1, groups: 8, hasBias: false)), .relu6,
                    .maxPool(.init(3, stride: 2, padding: 1)),
                    .convolution(.init(12, kernel: 1, groups: 4)), .layerNorm(),
                    .averagePool(.init(2, stride: 1, padding: 1)), .flatten,
                    .dense(outputs: 10), .relu, .dense(outputs: 5),
                ])
        ),
        (
            "residual",
            NetworkDescription(
                input: [2, 8, 8],
                sequence: [
                    .convolution(.init(8, kernel: 3, padding: 1, hasBias: false)), .batchNorm(), .relu,
                    .residual(
                        body: unnamed([
                            .convolution(.init(8, kernel: 3, padding: 1, hasBias: false)), .batchNorm(), .relu,
                            .convolution(.init(8, kernel: 3, padding: 1, hasBias: false)), .batchNorm(),
                        ])),
                    .relu,
                    .residual(
                        body: unnamed([
                            .convolution(.init(20, kernel: 3, stride: 2, padding: 1, hasBias: false)), .batchNorm(),
                            .relu6,
                        ]),
                        shortcut: unnamed([.convolution(.init(20, kernel: 1, stride: 2, hasBias: false)), .batchNorm()])
                    ),
                    .globalAveragePool, .flatten, .dense(outputs: 4),
                ])
        ),
        (
            "vector",
            NetworkDescription(
                input: [7],
                sequence: [
                    .dense(outputs: 16, hasBias: false), .batchNorm(), .relu, .dense(outputs: 9), .layerNorm(), .relu,
                    .dense(outputs: 3),
                ])
        ),
    ]

    private static func unnamed(_ layers: [Layer]) -> [NamedLayer] { layers.map { NamedLayer("", $0) } }
}
