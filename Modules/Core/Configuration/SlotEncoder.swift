/// A place in the tree under construction.
final class TreeSlot {
    enum State {
        case empty
        case scalar(SourceScalar)
        case sequence([TreeSlot])
        case mapping([(key: String, slot: TreeSlot)])
    }

    var state = State.empty
    var sortsKeys = false

    /// The finished tree; a value that encoded nothing is an empty group of fields.
    func node(at location: SourceLocation) -> SourceNode {
        switch state {
        case .empty: return SourceNode(.mapping([]), at: location)
        case .scalar(let scalar): return SourceNode(.scalar(scalar), at: location)
        case .sequence(let slots): return SourceNode(.sequence(slots.map { $0.node(at: location) }), at: location)
        case .mapping(let members):
            var entries = members.map { SourceEntry(key: $0.key, at: location, value: $0.slot.node(at: location)) }
            if sortsKeys { entries.sort { $0.key < $1.key } }
            return SourceNode(.mapping(entries), at: location)
        }
    }

    func set(_ slot: TreeSlot, for key: String) {
        guard case .mapping(var members) = state else { return state = .mapping([(key, slot)]) }
        state = .empty
        if let index = members.firstIndex(where: { $0.key == key }), !sortsKeys {
            members[index].slot = slot
        } else {
            members.append((key, slot))
        }
        state = .mapping(members)
    }

    func append(_ slot: TreeSlot) {
        guard case .sequence(var slots) = state else { return state = .sequence([slot]) }
        state = .empty
        slots.append(slot)
        state = .sequence(slots)
    }

    var count: Int { if case .sequence(let slots) = state { slots.count } else { 0 } }

    static func scalar(_ text: String, _ style: SourceScalar.Style = .plain) -> TreeSlot {
        let slot = TreeSlot()
        slot.state = .scalar(SourceScalar(text, style: style))
        return slot
    }

    static var null: TreeSlot { scalar("null") }
}

/// The standard library's view on one slot.
struct SlotEncoder: Encoder {
    let slot: TreeSlot
    let codingPath: [any CodingKey]
    let options: TreeEncoder

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .mapping = slot.state {} else { slot.state = .mapping([]) }
        return KeyedEncodingContainer(SlotKeyedContainer(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .sequence = slot.state {} else { slot.state = .sequence([]) }
        return SlotUnkeyedContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SlotSingleValueContainer(encoder: self) }

    /// The encoder of a slot below this one.
    func child(_ slot: TreeSlot, _ key: any CodingKey) -> SlotEncoder {
        SlotEncoder(slot: slot, codingPath: codingPath + [key], options: options)
    }
}
