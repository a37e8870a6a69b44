import Core

/// Networks that are built by name.
public enum NetworkModel: String, Sendable, CaseIterable {
    case leNet5 = "lenet-5"
    case resNet20 = "resnet-20"
    case mobileNetV2 = "mobilenet-v2"

    /// - Throws: `NetworkError.Kind.invalidArchitecture` for a name that there is not, with the nearest there is.
    public init(named name: String) throws(NetworkError) {
        guard let model = NetworkModel(rawValue: name) else {
            let hint = NearestName.hint(for: name, among: Self.allCases.map(\.rawValue), noun: "models")
            throw NetworkError(.invalidArchitecture, "there is no model '\(name)'\(hint)")
        }
        self = model
    }

    /// The model's layers for these samples.
    /// - Parameter input: [channels, height, width].
    /// - Throws: `NetworkError.Kind.invalidArchitecture` for images that it cannot take.
    public func description(input: [Int], classes: Int) throws(NetworkError) -> NetworkDescription {
        switch self {
        case .leNet5: try .leNet5(input: input, classes: classes)
        case .resNet20: try .resNet20(input: input, classes: classes)
        case .mobileNetV2: try .mobileNetV2(input: input, classes: classes)
        }
    }
}
