/// How features are brought to a common size when they are loaded.
///
/// In configuration: a number (`0.0625`), a fraction (`1/16`), `{minimum: 0, maximum: 16}`, or `min-max`.
public enum Scaling: Sendable, Hashable {
    /// Every value is multiplied by this factor.
    case factor(Float)
    /// The range `minimum` to `maximum` is mapped to 0 to 1, linearly; values outside it stay outside.
    case range(minimum: Float, maximum: Float)
    /// Each feature's own range in this file is mapped to 0 to 1; a constant feature becomes 0.
    ///
    /// Sites that hold different files get different scales this way: in a federated job use one of the others.
    case minMax

    /// Scales `features`, rows of `columns` values, in place.
    func apply(to features: inout [Float], columns: Int) {
        switch self {
        case .factor(let factor):
            for i in features.indices { features[i] *= factor }
        case .range(let minimum, let maximum):
            let width = maximum - minimum
            for i in features.indices { features[i] = (features[i] - minimum) / width }
        case .minMax:
            guard !features.isEmpty else { return }
            var low = Array(features[0..<columns])
            var high = low
            for start in stride(from: columns, to: features.count, by: columns) {
                for column in 0..<columns {
                    low[column] = min(low[column], features[start + column])
                    high[column] = max(high[column], features[start + column])
                }
            }
            for start in stride(from: 0, to: features.count, by: columns) {
                for column in 0..<columns {
                    // Halves, because the difference of two finite values can overflow.
                    let width = high[column] / 2 - low[column] / 2
                    let value = features[start + column] / 2 - low[column] / 2
                    features[start + column] = width > 0 ? value / width : 0
                }
            }
        }
    }
}

extension Scaling: Codable {
    private enum CodingKeys: String, CodingKey { case minimum, maximum }

    public init(from decoder: any Decoder) throws {
        // `try?`: the forms are told apart by what the value is.
        if let container = try? decoder.singleValueContainer() {
            if let factor = try? container.decode(Float.self) {
                self = try Self.checked(factor: factor, in: container)
                return
            }
            if let word = try? container.decode(String.self) {
                self = try Self(word: word, in: container)
                return
            }
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let minimum = try container.decode(Float.self, forKey: .minimum)
        let maximum = try container.decode(Float.self, forKey: .maximum)
        guard minimum < maximum, (maximum - minimum).isFinite else {
            throw DecodingError.dataCorruptedError(
                forKey: .maximum, in: container, debugDescription: "'maximum' must be greater than 'minimum'")
        }
        self = .range(minimum: minimum, maximum: maximum)
    }

    private init(word: String, in container: any SingleValueDecodingContainer) throws {
        if word == "min-max" {
            self = .minMax
            return
        }
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2,
            let numerator = Float(String(parts[0]).filter { $0 != " " }),
            let denominator = parts.count == 2 ? Float(String(parts[1]).filter { $0 != " " }) : 1
        else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "'\(word.prefix(80))' is no scale; write a number, a fraction such as 1/16, 'min-max', or "
                    + "{minimum: 0, maximum: 16}")
        }
        self = try Self.checked(factor: numerator / denominator, in: container)
    }

    private static func checked(factor: Float, in container: any SingleValueDecodingContainer) throws -> Scaling {
        guard factor.isFinite, factor != 0 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a scale must be a finite number other than 0")
        }
        return .factor(factor)
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .factor(let factor):
            var container = encoder.singleValueContainer()
            try container.encode(factor)
        case .minMax:
            var container = encoder.singleValueContainer()
            try container.encode("min-max")
        case .range(let minimum, let maximum):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(minimum, forKey: .minimum)
            try container.encode(maximum, forKey: .maximum)
        }
    }
}
