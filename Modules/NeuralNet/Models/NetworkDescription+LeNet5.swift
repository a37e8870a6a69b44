extension NetworkDescription {
    /// LeNet-5 (LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998) as it is built today: rectifiers and
    /// maxima of windows, and all maps of the first layer seen by all of the second.
    /// - Parameter input: [channels, height, width]; images below 32 pixels are padded by 2, as MNIST's 28 are.
    /// - Throws: `NetworkError.Kind.invalidArchitecture` for images that are too small.
    public static func leNet5(input: [Int], classes: Int) throws(NetworkError) -> NetworkDescription {
        let padding = input.count == 3 && min(input[1], input[2]) < 32 ? 2 : 0
        return try NetworkDescription(
            input: input,
            layers: [
                NamedLayer("conv1", .convolution(.init(6, kernel: 5, padding: padding))),
                NamedLayer("relu1", .relu),
                NamedLayer("pool1", .maxPool(.init(2))),
                NamedLayer("conv2", .convolution(.init(16, kernel: 5))),
                NamedLayer("relu2", .relu),
                NamedLayer("pool2", .maxPool(.init(2))),
                NamedLayer("flatten", .flatten),
                NamedLayer("fc1", .dense(outputs: 120)),
                NamedLayer("relu3", .relu),
                NamedLayer("fc2", .dense(outputs: 84)),
                NamedLayer("relu4", .relu),
                NamedLayer("fc3", .dense(outputs: classes)),
            ]
        ).checked("lenet-5")
    }

    /// The same description.
    /// - Throws: `NetworkError.Kind.invalidArchitecture` with the model's name unless its layers fit the input.
    func checked(_ name: String) throws(NetworkError) -> NetworkDescription {
        do { _ = try Graph(self) } catch {
            throw NetworkError(.invalidArchitecture, "\(name) cannot take samples of shape \(input): \(error.message)")
        }
        return self
    }
}
