/// Finds the name that a person probably meant.
public enum NearestName {
    /// The name among `candidates` nearest to `word`, or `nil` when none is near enough for a guess: at most one edit per
    /// three characters. Case, `-` and `_` do not count as differences.
    public static func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
        let folded = fold(word)
        guard (1...64).contains(folded.count) else { return nil }
        var best: (distance: Int, name: String)?
        for candidate in candidates where candidate != word {
            let other = fold(candidate)
            guard other.count <= 64, !other.isEmpty else { continue }
            let distance = distance(folded, other)
            guard distance <= max(1, max(folded.count, other.count) / 3), distance < other.count else { continue }
            if let known = best, (known.distance, known.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// The end of a message about an unknown `word`: the nearest name, or all of them when they are few.
    public static func hint(for word: String, among candidates: some Collection<String>, noun: String) -> String {
        if let name = suggestion(for: word, among: candidates) { return "; did you mean '\(name)'?" }
        guard !candidates.isEmpty, candidates.count <= 16 else { return "" }
        return "; the known \(noun) are " + candidates.sorted().joined(separator: ", ")
    }

    /// The Damerau-Levenshtein distance in its optimal string alignment form: insertions, deletions, substitutions and
    /// swaps of neighbours. O(n·m).
    public static func distance(_ left: String, _ right: String) -> Int {
        distance(Array(left.unicodeScalars), Array(right.unicodeScalars))
    }

    private static func distance(_ left: [UnicodeScalar], _ right: [UnicodeScalar]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        var current = previous
        for row in 1...left.count {
            current[0] = row
            for column in 1...right.count {
                let substitution = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                current[column] = min(previous[column] + 1, current[column - 1] + 1, substitution)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], beforePrevious[column - 2] + 1)
                }
            }
            (beforePrevious, previous, current) = (previous, current, beforePrevious)
        }
        return previous[right.count]
    }

    private static func fold(_ text: String) -> [UnicodeScalar] {
        text.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" }
    }
}
