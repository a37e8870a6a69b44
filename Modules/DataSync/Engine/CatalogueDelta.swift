import Contracts
import FoundationEssentials

/// Changes between two states of a cloud's catalogue, told in pieces of bounded size.
enum CatalogueDelta {
    typealias State = [DatasetName: CatalogueEntry]

    /// What a state is called: the SHA-256 of its entries as JSON with sorted keys, a line each, in the order of their names.
    static func revision(of state: State) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var text: [UInt8] = []
        for (_, entry) in state.sorted(by: { $0.key < $1.key }) {
            text += try encoder.encode(entry)
            text.append(UInt8(ascii: "\n"))
        }
        return text.withUnsafeBytes { SHA256.digest(of: $0) }.hex
    }

    /// What leads from `old` to `new`, in order, each piece from where the one before ended.
    /// - Parameters:
    ///   - old: `nil` for what the other side has to forget first, whatever it is.
    ///   - limit: data sets in one piece.
    static func announcements(
        from old: State?, to new: State, limit: Int = CatalogueAnnouncement.maximumEntries
    ) throws -> [CatalogueAnnouncement] {
        let known = old ?? [:]
        let changed = new.values.filter { known[$0.dataset] != $0 }.sorted { $0.dataset < $1.dataset }
        let removed = known.keys.filter { new[$0] == nil }.sorted()
        if old != nil, changed.isEmpty, removed.isEmpty { return [] }
        var state = known
        var base = try old.map { try revision(of: $0) }
        var (nextChanged, nextRemoved) = (changed[...], removed[...])
        var pieces: [CatalogueAnnouncement] = []
        repeat {
            let gone = Array(nextRemoved.prefix(limit))
            let entries = Array(nextChanged.prefix(limit - gone.count))
            nextRemoved = nextRemoved.dropFirst(gone.count)
            nextChanged = nextChanged.dropFirst(entries.count)
            for name in gone { state[name] = nil }
            for entry in entries { state[entry.dataset] = entry }
            let reached = try revision(of: state)
            pieces.append(CatalogueAnnouncement(base: base, revision: reached, changed: entries, removed: gone))
            base = reached
        } while !nextChanged.isEmpty || !nextRemoved.isEmpty
        return pieces
    }
}
