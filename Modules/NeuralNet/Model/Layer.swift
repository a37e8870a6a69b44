/// One layer of a network, with the meaning and the defaults that PyTorch's module of the same purpose has.
///
/// A sample that goes in is a vector (features) or an image (channels × height × width).
public indirect enum Layer: Sendable, Hashable {
    /// A two-dimensional convolution of an image.
    case convolution(Convolution)
    /// outputs = inputs · weightᵀ + bias, on a vector.
    case dense(outputs: Int, hasBias: Bool = true)
    /// Each channel is brought to mean 0 and variance 1 over the batch, then scaled and shifted by what is learned (Ioffe and
    /// Szegedy, "Batch Normalization", 2015). Judging uses running means of both, to which each batch adds `momentum`
    /// of itself.
    case batchNorm(epsilon: Float = 1e-5, momentum: Float = 0.1)
    /// Each sample is brought to mean 0 and variance 1, then scaled and shifted by what is learned, value by value (Ba et al.,
    /// "Layer Normalization", 2016).
    case layerNorm(epsilon: Float = 1e-5)
    /// max(x, 0).
    case relu
    /// min(max(x, 0), 6).
    case relu6
    case maxPool(Window)
    /// The mean of each window; padding counts as zeros.
    case averagePool(Window)
    /// The mean of each channel: an image becomes a vector.
    case globalAveragePool
    /// While training, each value becomes 0 with probability `rate` and is divided by 1 - `rate` otherwise (Srivastava et al.,
    /// "Dropout", 2014).
    case dropout(rate: Float)
    /// An image becomes a vector, channel by channel and row by row.
    case flatten
    /// body(x) + shortcut(x); without layers in `shortcut` it is x itself (He et al., "Deep Residual Learning", 2015).
    case residual(body: [NamedLayer], shortcut: [NamedLayer] = [])

    /// The settings of a convolution.
    public struct Convolution: Sendable, Hashable {
        /// Channels that come out.
        public var outputs: Int
        /// Height and width of the window; positive.
        public var kernel: Int
        public var stride: Int
        /// Zeros around the image, on each side.
        public var padding: Int
        /// Channels are cut into so many groups that do not see one another; with as many as there are channels the convolution
        /// is depthwise.
        public var groups: Int
        public var hasBias: Bool

        public init(
            _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1, hasBias: Bool = true
        ) {
            self.outputs = outputs
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
            self.groups = groups
            self.hasBias = hasBias
        }
    }

    /// The windows of a pooling.
    public struct Window: Sendable, Hashable {
        public var kernel: Int
        public var stride: Int
        public var padding: Int

        /// - Parameter stride: the kernel's size when left out.
        public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
            self.kernel = kernel
            self.stride = stride ?? kernel
            self.padding = padding
        }
    }
}

/// A layer and the name that its parameters begin with, such as `layer1.0.conv1`.
public struct NamedLayer: Sendable, Hashable {
    public var name: String
    public var layer: Layer

    public init(_ name: String, _ layer: Layer) {
        self.name = name
        self.layer = layer
    }
}
