import Tensor

/// A network's layers as operations on numbered values, with every shape known: what `NetworkDescription` means.
struct Graph: Sendable {
    struct Operation: Sendable {
        enum Kind: Sendable {
            case convolution(Layer.Convolution)
            case dense(outputs: Int, hasBias: Bool)
            case batchNorm(epsilon: Float, momentum: Float, hasReLU: Bool)
            case layerNorm(epsilon: Float)
            case relu
            case relu6
            case pool(Layer.Window2D, isMaximum: Bool)
            case dropout(rate: Float)
            /// Another shape of the same values in the same order.
            case reshape
            case add
        }

        var kind: Kind
        let name: String
        /// The values that go in; two for `add`.
        let inputs: [Int]
        let output: Int
        /// Where the operation's parameters are among all.
        let parameters: Range<Int>
    }

    struct Parameter: Sendable {
        enum Role: Sendable {
            case weight, bias, scale, shift, runningMean, runningVariance
        }

        let name: String
        let shape: [Int]
        let role: Role

        /// Whether gradient descent changes it; the running statistics are kept, not learned.
        var isLearned: Bool { role != .runningMean && role != .runningVariance }
    }

    private(set) var operations: [Operation] = []
    private(set) var parameters: [Parameter] = []
    /// The shape of each value, without the batch; value 0 is the sample.
    private(set) var shapes: [[Int]]

    var classCount: Int { shapes[operations[operations.count - 1].output][0] }

    init(_ description: NetworkDescription) throws(NetworkError) {
        guard [1, 3].contains(description.input.count), description.input.allSatisfy({ (1...1_000_000).contains($0) })
        else {
            throw NetworkError(
                .invalidArchitecture,
                "a sample of shape \(description.input) cannot go in: give [features] or [channels, height, width]")
        }
        shapes = [description.input]
        _ = try count(description.input, "the sample")
        let last = try add(description.layers, after: 0)
        guard !operations.isEmpty, shapes[last].count == 1 else {
            throw NetworkError(
                .invalidArchitecture,
                "the last layer gives \(shapes[last]), which are not the logits of classes: end with a dense layer, or "
                    + "flatten")
        }
        var names: Set<String> = []
        for parameter in parameters where !names.insert(parameter.name).inserted {
            throw NetworkError(.invalidArchitecture, "two layers have a parameter '\(parameter.name)'; rename one")
        }
        fuseRectifiers()
    }

    /// Appends the operations of `layers`. Returns the value that the last gives.
    private mutating func add(_ layers: [NamedLayer], after value: Int) throws(NetworkError) -> Int {
        var value = value
        for named in layers { value = try add(named, after: value) }
        return value
    }

    private mutating func add(_ named: NamedLayer, after value: Int) throws(NetworkError) -> Int {
        let (name, shape) = (named.name, shapes[value])
        func refuse(_ reason: String) -> NetworkError {
            NetworkError(.invalidArchitecture, "layer '\(name)': \(reason)")
        }
        func image() throws(NetworkError) -> (channels: Int, height: Int, width: Int) {
            guard shape.count == 3 else {
                throw refuse("it takes an image, but a vector of \(shape[0]) values comes in")
            }
            return (shape[0], shape[1], shape[2])
        }
        switch named.layer {
        case .convolution(let settings):
            let (channels, height, width) = try image()
            guard settings.groups > 0, channels.isMultiple(of: settings.groups),
                settings.outputs > 0, settings.outputs.isMultiple(of: settings.groups)
            else {
                throw refuse(
                    "\(channels) channels in and \(settings.outputs) out are not \(settings.groups) equal groups")
            }
            let window = Layer.Window2D(settings.kernel, settings.kernel, settings.stride, settings.padding)
            let (rows, columns) = try window.outputs(height, width, refuse)
            var own = [
                Parameter(
                    name: "\(name).weight",
                    shape: [settings.outputs, channels / settings.groups, settings.kernel, settings.kernel],
                    role: .weight)
            ]
            if settings.hasBias { own.append(.init(name: "\(name).bias", shape: [settings.outputs], role: .bias)) }
            return try append(.convolution(settings), name, [value], [settings.outputs, rows, columns], own)
        case .dense(let outputs, let hasBias):
            guard shape.count == 1 else { throw refuse("it takes a vector, but an image comes in: flatten it first") }
            guard outputs > 0 else { throw refuse("it must have outputs, not \(outputs)") }
            var own = [Parameter(name: "\(name).weight", shape: [outputs, shape[0]], role: .weight)]
            if hasBias { own.append(.init(name: "\(name).bias", shape: [outputs], role: .bias)) }
            return try append(.dense(outputs: outputs, hasBias: hasBias), name, [value], [outputs], own)
        case .batchNorm(let epsilon, let momentum):
            guard epsilon > 0, epsilon.isFinite, momentum > 0, momentum <= 1 else {
                throw refuse("epsilon must be positive and momentum in (0, 1], not \(epsilon) and \(momentum)")
            }
            let own: [Parameter] = [
                .init(name: "\(name).weight", shape: [shape[0]], role: .scale),
                .init(name: "\(name).bias", shape: [shape[0]], role: .shift),
                .init(name: "\(name).running_mean", shape: [shape[0]], role: .runningMean),
                .init(name: "\(name).running_var", shape: [shape[0]], role: .runningVariance),
            ]
            return try append(
                .batchNorm(epsilon: epsilon, momentum: momentum, hasReLU: false), name, [value], shape, own)
        case .layerNorm(let epsilon):
            guard epsilon > 0, epsilon.isFinite else { throw refuse("epsilon must be positive, not \(epsilon)") }
            let own: [Parameter] = [
                .init(name: "\(name).weight", shape: shape, role: .scale),
                .init(name: "\(name).bias", shape: shape, role: .shift),
            ]
            return try append(.layerNorm(epsilon: epsilon), name, [value], shape, own)
        case .relu: return try append(.relu, name, [value], shape)
        case .relu6: return try append(.relu6, name, [value], shape)
        case .maxPool(let window): return try pool(window, isMaximum: true)
        case .averagePool(let window): return try pool(window, isMaximum: false)
        case .globalAveragePool:
            let (channels, height, width) = try image()
            let mean = try append(
                .pool(.init(height, width, 1, 0), isMaximum: false), name, [value], [channels, 1, 1])
            return try append(.reshape, name, [mean], [channels])
        case .dropout(let rate):
            guard rate >= 0, rate < 1 else { throw refuse("rate must be at least 0 and below 1, not \(rate)") }
            return rate == 0 ? value : try append(.dropout(rate: rate), name, [value], shape)
        case .flatten:
            return shape.count == 1 ? value : try append(.reshape, name, [value], [try count(shape, name)])
        case .residual(let body, let shortcut):
            let left = try add(body, after: value)
            let right = try add(shortcut, after: value)
            guard shapes[left] == shapes[right], left != right else {
                throw refuse(
                    "the body gives \(shapes[left]) and the shortcut \(shapes[right]): they must be of one shape and not "
                        + "both empty")
            }
            return try append(.add, name, [left, right], shapes[left])
        }

        func pool(_ window: Layer.Window, isMaximum: Bool) throws(NetworkError) -> Int {
            let (channels, height, width) = try image()
            guard window.padding * 2 <= window.kernel else {
                throw refuse("padding \(window.padding) is more than half of the window's \(window.kernel)")
            }
            let window = Layer.Window2D(window.kernel, window.kernel, window.stride, window.padding)
            let (rows, columns) = try window.outputs(height, width, refuse)
            return try append(.pool(window, isMaximum: isMaximum), name, [value], [channels, rows, columns])
        }
    }

    private mutating func append(
        _ kind: Operation.Kind, _ name: String, _ inputs: [Int], _ shape: [Int], _ own: [Parameter] = []
    ) throws(NetworkError) -> Int {
        _ = try count(shape, "layer '\(name)'")
        for parameter in own { _ = try count(parameter.shape, "parameter '\(parameter.name)'") }
        shapes.append(shape)
        let start = parameters.count
        parameters += own
        operations.append(
            Operation(
                kind: kind, name: name, inputs: inputs, output: shapes.count - 1, parameters: start..<parameters.count))
        return shapes.count - 1
    }

    private func count(_ shape: [Int], _ what: String) throws(NetworkError) -> Int {
        let count: Int
        do { count = try Tensor.count(of: shape) } catch {
            throw NetworkError(.invalidArchitecture, "\(what) of shape \(shape) is too large", cause: error)
        }
        guard count <= Int(Int32.max) else {
            throw NetworkError(.invalidArchitecture, "\(what) of shape \(shape) is too large")
        }
        return count
    }

    /// How many operations read each value.
    var readers: [Int] {
        var readers = [Int](repeating: 0, count: shapes.count)
        for operation in operations { for value in operation.inputs { readers[value] += 1 } }
        return readers
    }

    /// A rectifier right behind a batch norm is done in the same pass over memory.
    private mutating func fuseRectifiers() {
        let readers = readers
        var fused: [Operation] = []
        for operation in operations {
            if case .relu = operation.kind, let previous = fused.last, operation.inputs == [previous.output],
                readers[previous.output] == 1, case .batchNorm(let epsilon, let momentum, _) = previous.kind
            {
                fused[fused.count - 1] = Operation(
                    kind: .batchNorm(epsilon: epsilon, momentum: momentum, hasReLU: true), name: previous.name,
                    inputs: previous.inputs, output: operation.output, parameters: previous.parameters)
            } else {
                fused.append(operation)
            }
        }
        operations = fused
    }
}

extension Layer {
    /// A window of any height and width.
    struct Window2D: Sendable, Hashable {
        let height: Int
        let width: Int
        let stride: Int
        let padding: Int

        init(_ height: Int, _ width: Int, _ stride: Int, _ padding: Int) {
            self.height = height
            self.width = width
            self.stride = stride
            self.padding = padding
        }

        /// Rows and columns of windows that fit an image.
        func outputs(
            _ height: Int, _ width: Int, _ refuse: (String) -> NetworkError
        ) throws(NetworkError) -> (rows: Int, columns: Int) {
            guard self.height > 0, self.width > 0, (1...1_000_000).contains(stride), (0...1_000_000).contains(padding),
                self.height <= height + 2 * padding, self.width <= width + 2 * padding
            else {
                throw refuse(
                    "a window of \(self.height) x \(self.width) with stride \(stride) and padding \(padding) does not fit "
                        + "an image of \(height) x \(width)")
            }
            return ((height + 2 * padding - self.height) / stride + 1, (width + 2 * padding - self.width) / stride + 1)
        }
    }
}
