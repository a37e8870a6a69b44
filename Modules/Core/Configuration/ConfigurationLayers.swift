/// A configuration made of layers, each overriding the one before it setting by setting: defaults, file, environment,
/// flags. What no layer may say (an unknown field, variable or flag, a value of another type) is refused with its place
/// and the nearest known name.
///
/// The settings are one `Codable` struct whose default value names every setting; sections are nested structs. A section
/// should not be optional, because the settings inside a `nil` have no name in the environment and no flag. A dictionary
/// that is empty by default can be filled by the file only.
public struct ConfigurationLayers<Settings: Codable & Sendable>: Sendable {
    /// Every setting, in the order of the struct's fields.
    public let keys: [ConfigurationKey]
    private let defaults: SourceNode
    private let environmentPrefix: String
    private let otherVariables: Set<String>

    /// - Parameters:
    ///   - environmentPrefix: what variables start with, such as `GEDGE_CORE`.
    ///   - otherVariables: variables with the prefix that are no settings, such as `GEDGE_CORE_CONFIG`.
    /// - Throws: what `defaults` throws when it is encoded.
    public init(defaults: Settings, environmentPrefix: String, otherVariables: Set<String> = []) throws {
        self.defaults = try TreeEncoder(writesNulls: true, source: "the defaults").encode(defaults)
        self.environmentPrefix = environmentPrefix
        self.otherVariables = otherVariables
        keys = Self.leaves(of: self.defaults, at: []).map { path, node in
            ConfigurationKey(path: path, environmentPrefix: environmentPrefix, default: node)
        }
        precondition(
            Set(keys.map(\.environmentName)).count == keys.count, "two settings have the same name in the environment")
    }

    /// The settings that the layers give together.
    /// - Parameters:
    ///   - file: the parsed file, or `nil` when there is none or it is empty.
    ///   - environment: the whole environment; variables without the prefix are not looked at.
    /// - Throws: `ConfigurationError`.
    public func resolve(
        file: SourceNode? = nil, environment: [String: String] = [:], flags: FlagValues? = nil
    ) throws(ConfigurationError) -> Settings {
        var tree = defaults
        if let file { tree = Self.merge(tree, file) }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard name.hasPrefix(environmentPrefix + "_"), !otherVariables.contains(name) else { continue }
            let location = SourceLocation(source: "environment variable \(name)")
            guard let key = keys.first(where: { $0.environmentName == name }) else {
                let known = keys.map(\.environmentName) + otherVariables
                throw ConfigurationError(
                    code: "unknown-variable", at: location,
                    "no such setting" + NearestName.hint(for: name, among: known, noun: "variables"))
            }
            let node = SourceNode(.scalar(SourceScalar(value, style: .untyped)), at: location)
            tree = Self.merge(tree, Self.nest(node, at: key.path))
        }
        for key in keys {
            guard let texts = flags?.texts(key.flagName), let last = texts.last else { continue }
            let location = SourceLocation(source: "flag --\(key.flagName)")
            let nodes = texts.map { SourceNode(.scalar(SourceScalar($0, style: .untyped)), at: location) }
            let node =
                key.isList && texts.count > 1
                ? SourceNode(.sequence(nodes), at: location)
                : SourceNode(.scalar(SourceScalar(last, style: .untyped)), at: location)
            tree = Self.merge(tree, Self.nest(node, at: key.path))
        }
        return try StrictDecoder().decode(Settings.self, from: tree)
    }

    /// A flag for every setting.
    /// - Parameter help: one line for each setting, by its dotted path.
    public func flags(help: [String: String] = [:]) -> [FlagDescription] {
        keys.map { key in
            FlagDescription(
                key.flagName, key.isBoolean ? .boolean : .value(placeholder: key.isList ? "VALUE,..." : "VALUE"),
                isRepeated: key.isList, help: help[key.dottedPath] ?? "sets \(key.dottedPath)",
                defaultText: key.defaultText, environmentName: key.environmentName)
        }
    }

    /// Everything in a tree that is not a section with fields of its own; empty sections have no settings.
    private static func leaves(of node: SourceNode, at path: [String]) -> [(path: [String], node: SourceNode)] {
        guard case .mapping(let entries) = node.content else { return [(path, node)] }
        return entries.flatMap { leaves(of: $0.value, at: path + [$0.key]) }
    }

    private static func nest(_ node: SourceNode, at path: [String]) -> SourceNode {
        path.reversed().reduce(node) { inner, key in
            SourceNode(.mapping([SourceEntry(key: key, at: node.location, value: inner)]), at: node.location)
        }
    }

    /// `lower` overridden by `upper`: sections field by field, everything else as a whole. A section whose fields are all
    /// commented out changes nothing.
    private static func merge(_ lower: SourceNode, _ upper: SourceNode) -> SourceNode {
        guard case .mapping(var entries) = lower.content else { return upper }
        if upper.isNull { return lower }
        guard case .mapping(let overrides) = upper.content else {
            return upper
        }
        for override in overrides {
            if let index = entries.firstIndex(where: { $0.key == override.key }) {
                let value = merge(entries[index].value, override.value)
                entries[index] = SourceEntry(key: override.key, at: override.location, value: value)
            } else {
                entries.append(override)
            }
        }
        return SourceNode(.mapping(entries), at: upper.location)
    }
}
