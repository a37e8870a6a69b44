/// The architecture of a job's network.
public struct ModelSpec: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// No hidden layer.
        case softmax
        /// Dense layers with rectifiers between them.
        case perceptron
        case leNet5 = "lenet-5"
        case resNet20 = "resnet-20"
        case mobileNetV2 = "mobilenet-v2"
        /// What `layers` says.
        case layers
        /// Known to the trainers beside the edges alone.
        case external
    }

    public var kind: Kind
    /// Units of each hidden layer of a perceptron.
    public var hidden: [Int]?
    /// What a sample is to a network of layers: [features], or an image's [channels, height, width]. Default: a square image of
    /// one channel, or of three, that has as many values as the data has features.
    public var input: [Int]?
    /// The layers of `kind: layers`, in order.
    public var layers: [LayerSpec]?
    /// Tensors (`dense1.weight`) or layers (`dense1`) that each edge keeps to itself. Default: none.
    public var personal: [String]?

    public init(
        kind: Kind, hidden: [Int]? = nil, input: [Int]? = nil, layers: [LayerSpec]? = nil, personal: [String]? = nil
    ) {
        self.kind = kind
        self.hidden = hidden
        self.input = input
        self.layers = layers
        self.personal = personal
    }
}

/// One layer of a network; which fields it takes depends on its kind.
public struct LayerSpec: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case convolution
        case dense
        case batchNorm = "batch-norm"
        case layerNorm = "layer-norm"
        case relu
        case relu6
        case maxPool = "max-pool"
        case averagePool = "average-pool"
        case globalAveragePool = "global-average-pool"
        case dropout
        case flatten
        case residual
    }

    public var kind: Kind
    /// Channels of a convolution, units of a dense layer.
    public var outputs: Int?
    /// Height and width of a convolution's or a pooling's window.
    public var kernel: Int?
    /// Default 1 for a convolution, and the kernel for a pooling.
    public var stride: Int?
    /// Default 0.
    public var padding: Int?
    /// Of a convolution. Default 1.
    public var groups: Int?
    /// Whether a convolution or a dense layer has one. Default true.
    public var bias: Bool?
    /// Of a dropout, 0 to below 1.
    public var rate: Double?
    /// The layers of a residual block.
    public var body: [LayerSpec]?
    /// What is added to them. Default: what went in.
    public var shortcut: [LayerSpec]?

    public init(
        kind: Kind, outputs: Int? = nil, kernel: Int? = nil, stride: Int? = nil, padding: Int? = nil,
        groups: Int? = nil,
        bias: Bool? = nil, rate: Double? = nil, body: [LayerSpec]? = nil, shortcut: [LayerSpec]? = nil
    ) {
        self.kind = kind
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.groups = groups
        self.bias = bias
        self.rate = rate
        self.body = body
        self.shortcut = shortcut
    }
}
