import Contracts
import NeuralNet

extension ModelSpec {
    /// The layers of a network that is neither softmax nor perceptron; `nil` for those.
    /// - Throws: `NetworkError` when they make no network of so many features and classes.
    func description(features: Int, classes: Int) throws(NetworkError) -> NetworkDescription? {
        let model: NetworkModel
        switch kind {
        case .softmax, .perceptron, .external: return nil
        case .leNet5: model = .leNet5
        case .resNet20: model = .resNet20
        case .mobileNetV2: model = .mobileNetV2
        case .layers:
            let sequence = try LayerSpec.layers(layers, in: "layers").map(\.layer)
            let description = NetworkDescription(input: try shape(features), sequence: sequence)
            let told = try description.classCount()
            guard told == classes else {
                throw NetworkError(
                    .invalidArchitecture, "the last layer has \(told) outputs, but the data has \(classes) classes")
            }
            return description
        }
        return try model.description(input: try shape(features), classes: classes)
    }

    /// The shape of a sample.
    private func shape(_ features: Int) throws(NetworkError) -> [Int] {
        if let input {
            let count = input.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
            guard input.allSatisfy({ (1...1_000_000).contains($0) }), input.count <= 3, count == features else {
                throw NetworkError(
                    .invalidArchitecture, "input \(input) does not have the \(features) values of spec.data.features")
            }
            return input
        }
        for channels in [1, 3] where features.isMultiple(of: channels) {
            let side = Int(Double(features / channels).squareRoot().rounded())
            if side * side * channels == features { return [channels, side, side] }
        }
        throw NetworkError(
            .invalidArchitecture,
            "\(features) features are no square image of one channel or three; give input as [channels, height, width]")
    }
}

extension LayerSpec {
    /// - Parameter place: how a message names the layer.
    /// - Throws: `NetworkError` for a field that is missing, or that this kind of layer has not.
    private func layer(_ place: String) throws(NetworkError) -> Layer {
        let given: [(name: String, isGiven: Bool)] = [
            ("outputs", outputs != nil), ("kernel", kernel != nil), ("stride", stride != nil),
            ("padding", padding != nil), ("groups", groups != nil), ("bias", bias != nil), ("rate", rate != nil),
            ("body", body != nil), ("shortcut", shortcut != nil),
        ]
        let window = ["kernel", "stride", "padding"]
        let (needed, known): ([String], [String]) =
            switch kind {
            case .convolution: (["outputs", "kernel"], window + ["outputs", "groups", "bias"])
            case .dense: (["outputs"], ["outputs", "bias"])
            case .maxPool, .averagePool: (["kernel"], window)
            case .dropout: (["rate"], ["rate"])
            case .residual: (["body"], ["body", "shortcut"])
            case .batchNorm, .layerNorm, .relu, .relu6, .globalAveragePool, .flatten: ([], [])
            }
        for (name, isGiven) in given {
            if isGiven, !known.contains(name) {
                throw NetworkError(.invalidArchitecture, "\(place): a layer of kind \(kind.rawValue) has no '\(name)'")
            }
            if !isGiven, needed.contains(name) {
                throw NetworkError(.invalidArchitecture, "\(place): a layer of kind \(kind.rawValue) needs '\(name)'")
            }
        }
        let pool = Layer.Window(kernel ?? 0, stride: stride, padding: padding ?? 0)
        switch kind {
        case .convolution:
            return .convolution(
                .init(
                    outputs ?? 0, kernel: kernel ?? 0, stride: stride ?? 1, padding: padding ?? 0, groups: groups ?? 1,
                    hasBias: bias ?? true))
        case .dense: return .dense(outputs: outputs ?? 0, hasBias: bias ?? true)
        case .batchNorm: return .batchNorm()
        case .layerNorm: return .layerNorm()
        case .relu: return .relu
        case .relu6: return .relu6
        case .maxPool: return .maxPool(pool)
        case .averagePool: return .averagePool(pool)
        case .globalAveragePool: return .globalAveragePool
        case .dropout: return .dropout(rate: Float(rate ?? 0))
        case .flatten: return .flatten
        case .residual:
            return .residual(
                body: try Self.layers(body, in: "\(place).body"),
                shortcut: try Self.layers(shortcut, in: "\(place).shortcut"))
        }
    }

    /// Names come with the description, by place.
    fileprivate static func layers(_ specs: [LayerSpec]?, in place: String) throws(NetworkError) -> [NamedLayer] {
        var layers: [NamedLayer] = []
        for (index, spec) in (specs ?? []).enumerated() {
            layers.append(NamedLayer("", try spec.layer("\(place)[\(index)]")))
        }
        return layers
    }
}
