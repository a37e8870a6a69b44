import Contracts

/// How updates were sent, in words.
enum CompressionText {
    static func kind(_ spec: CompressionSpec?) -> String {
        guard let spec else { return CompressionSpec.Kind.none.rawValue }
        guard spec.kind == .topK else { return spec.kind.rawValue }
        return "\(spec.kind.rawValue) of \(JobPresentation.percent(spec.fraction ?? UpdateCodec.standardFraction))"
    }

    /// Bytes that moved, and of how many; `nil` for a round of a job that says nothing of compression.
    static func bytes(_ round: RoundSummary) -> String? {
        guard let whole = round.compression?.wholeBytes, whole > 0 else { return nil }
        let share = JobPresentation.percent(Double(round.bytesFromEdges) / Double(whole))
        return "\(round.bytesFromEdges) B of \(whole) B (\(share))"
    }
}
