/// A type that one scalar holds.
protocol NodeScalar: Decodable {
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> Self
}

extension Bool: NodeScalar {
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> Bool {
        guard case .scalar(let scalar) = node.content, case .bool(let value) = scalar.value else {
            throw DecodingFailure.mismatch("true or false", node, path)
        }
        return value
    }
}

extension String: NodeScalar {
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> String {
        guard case .scalar(let scalar) = node.content, scalar.style == .untyped || scalar.value == .text else {
            throw DecodingFailure.mismatch("text", node, path)
        }
        return scalar.text
    }
}

extension FixedWidthInteger where Self: Decodable {
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> Self {
        guard case .scalar(let scalar) = node.content else {
            throw DecodingFailure.mismatch("a whole number", node, path)
        }
        let value: Self?
        switch scalar.value {
        case .integer:
            let text = scalar.text
            value =
                text.hasPrefix("0x")
                ? Self(text.dropFirst(2), radix: 16)
                : text.hasPrefix("0o") ? Self(text.dropFirst(2), radix: 8) : Self(text)
        case .float:
            // 1e3 and 2.0 are whole numbers too.
            guard let number = Double(scalar.text), number == number.rounded(), number.isFinite else {
                throw DecodingFailure.mismatch("a whole number", node, path)
            }
            value = Self(exactly: number)
        default: throw DecodingFailure.mismatch("a whole number", node, path)
        }
        guard let value else {
            throw DecodingFailure.make(
                "\(DecodingFailure.name(path)) is \(node.text?.prefix(60) ?? ""), but must lie in "
                    + "\(Self.min) ... \(Self.max)", node, path)
        }
        return value
    }
}

extension Int: NodeScalar {}
extension Int8: NodeScalar {}
extension Int16: NodeScalar {}
extension Int32: NodeScalar {}
extension Int64: NodeScalar {}
extension UInt: NodeScalar {}
extension UInt8: NodeScalar {}
extension UInt16: NodeScalar {}
extension UInt32: NodeScalar {}
extension UInt64: NodeScalar {}

extension Double: NodeScalar {
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> Double {
        guard case .scalar(let scalar) = node.content, scalar.value == .integer || scalar.value == .float else {
            throw DecodingFailure.mismatch("a number", node, path)
        }
        let text = scalar.text.lowercased()
        switch text {
        case ".nan": return .nan
        case ".inf", "+.inf": return .infinity
        case "-.inf": return -.infinity
        default: break
        }
        let value: Double?
        if text.hasPrefix("0x") {
            value = UInt64(text.dropFirst(2), radix: 16).map(Double.init)
        } else if text.hasPrefix("0o") {
            value = UInt64(text.dropFirst(2), radix: 8).map(Double.init)
        } else {
            value = Double(text)
        }
        guard let value, value.isFinite else {
            throw DecodingFailure.make(
                "\(DecodingFailure.name(path)) is \(scalar.text.prefix(60)), which is too large for a number", node,
                path)
        }
        return value
    }
}

extension Float: NodeScalar {
    static func decode(_ node: SourceNode, at path: [any CodingKey]) throws -> Float {
        let value = try Double.decode(node, at: path)
        let narrow = Float(value)
        guard narrow.isFinite || !value.isFinite else {
            throw DecodingFailure.make(
                "\(DecodingFailure.name(path)) is \(value), which is too large for a 32-bit number", node, path)
        }
        return narrow
    }
}
