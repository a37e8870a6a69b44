extension NetworkDescription {
    /// The residual network of 20 layers for small images (He et al., "Deep Residual Learning for Image Recognition", 2015,
    /// section 4.2), with a convolution of 1 × 1 where a block changes its shape. Parameters are named as torchvision names those
    /// of its residual networks.
    /// - Parameter input: [channels, height, width].
    /// - Throws: `NetworkError.Kind.invalidArchitecture` unless the input is an image.
    public static func resNet20(input: [Int], classes: Int) throws(NetworkError) -> NetworkDescription {
        var layers: [NamedLayer] = [
            NamedLayer("conv1", .convolution(.init(16, kernel: 3, padding: 1, hasBias: false))),
            NamedLayer("bn1", .batchNorm()),
            NamedLayer("relu", .relu),
        ]
        var channels = 16
        for (stage, outputs) in [16, 32, 64].enumerated() {
            for block in 0..<3 {
                let name = "layer\(stage + 1).\(block)"
                let stride = stage > 0 && block == 0 ? 2 : 1
                let body = [
                    NamedLayer(
                        "\(name).conv1",
                        .convolution(.init(outputs, kernel: 3, stride: stride, padding: 1, hasBias: false))),
                    NamedLayer("\(name).bn1", .batchNorm()),
                    NamedLayer("\(name).relu", .relu),
                    NamedLayer("\(name).conv2", .convolution(.init(outputs, kernel: 3, padding: 1, hasBias: false))),
                    NamedLayer("\(name).bn2", .batchNorm()),
                ]
                let shortcut =
                    outputs == channels
                    ? []
                    : [
                        NamedLayer(
                            "\(name).downsample.0",
                            .convolution(.init(outputs, kernel: 1, stride: stride, hasBias: false))),
                        NamedLayer("\(name).downsample.1", .batchNorm()),
                    ]
                layers.append(NamedLayer(name, .residual(body: body, shortcut: shortcut)))
                layers.append(NamedLayer("\(name).out", .relu))
                channels = outputs
            }
        }
        layers.append(NamedLayer("avgpool", .globalAveragePool))
        layers.append(NamedLayer("fc", .dense(outputs: classes)))
        return try NetworkDescription(input: input, layers: layers).checked("resnet-20")
    }
}
