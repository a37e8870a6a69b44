import Core

/// The word that was probably meant, as the end of a message.
enum Suggestion {
    /// `; did you mean 'X'?`, or nothing.
    static func question(_ word: String, among candidates: [String], prefix: String = "") -> String {
        NearestName.suggestion(for: word, among: candidates).map { "; did you mean '\(prefix)\($0)'?" } ?? ""
    }
}
