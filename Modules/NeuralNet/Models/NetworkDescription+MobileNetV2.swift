extension NetworkDescription {
    /// MobileNetV2 at its full width (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2).
    /// Parameters are named as torchvision names them.
    /// - Parameter input: [channels, height, width].
    /// - Throws: `NetworkError.Kind.invalidArchitecture` unless the input is an image.
    public static func mobileNetV2(input: [Int], classes: Int) throws(NetworkError) -> NetworkDescription {
        var layers = convolution("features.0", 32, kernel: 3, stride: 2)
        var channels = 32
        var number = 1
        // Expansion, channels that come out, how often, stride of the first.
        let stages = [
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ]
        for (expansion, outputs, repeats, firstStride) in stages {
            for index in 0..<repeats {
                let name = "features.\(number)"
                let stride = index == 0 ? firstStride : 1
                let hidden = channels * expansion
                var body: [NamedLayer] = []
                var place = 0
                if expansion > 1 {
                    body += convolution("\(name).conv.0", hidden, kernel: 1)
                    place = 1
                }
                body += convolution("\(name).conv.\(place)", hidden, kernel: 3, stride: stride, groups: hidden)
                body.append(
                    NamedLayer(
                        "\(name).conv.\(place + 1)", .convolution(.init(outputs, kernel: 1, hasBias: false))))
                body.append(NamedLayer("\(name).conv.\(place + 2)", .batchNorm()))
                if stride == 1, outputs == channels {
                    layers.append(NamedLayer(name, .residual(body: body)))
                } else {
                    layers += body
                }
                channels = outputs
                number += 1
            }
        }
        layers += convolution("features.18", 1280, kernel: 1)
        layers += [
            NamedLayer("pool", .globalAveragePool),
            NamedLayer("classifier.0", .dropout(rate: 0.2)),
            NamedLayer("classifier.1", .dense(outputs: classes)),
        ]
        return try NetworkDescription(input: input, layers: layers).checked("mobilenet-v2")
    }

    /// A convolution that keeps the size up to its stride, its norm and its rectifier.
    private static func convolution(
        _ name: String, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1
    ) -> [NamedLayer] {
        [
            NamedLayer(
                "\(name).0",
                .convolution(
                    .init(
                        outputs, kernel: kernel, stride: stride, padding: (kernel - 1) / 2, groups: groups,
                        hasBias: false))),
            NamedLayer("\(name).1", .batchNorm()),
            NamedLayer("\(name).2", .relu6),
        ]
    }
}
