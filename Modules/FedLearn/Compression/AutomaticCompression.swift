import Contracts

/// Decides for `auto`, round by round, from what the round before took.
///
/// The first round is sent whole. A round is sent as `int8` when the model has `smallestModel` bytes and `int8` would have saved
/// the median edge `leastSaving` of its time in the round before. From then on all are: there is nothing left to measure.
enum AutomaticCompression {
    /// Smaller models spend their time on messages, not on bytes.
    static let smallestModel = 1 << 20
    static let leastSaving = 0.05

    static func choice(modelBytes: Int, after last: RoundCompression?) -> CompressionSpec {
        guard let last, modelBytes >= smallestModel else { return CompressionSpec(kind: .none) }
        let pays = (last.predictedSaving ?? 0) >= leastSaving
        return CompressionSpec(kind: last.sent.kind == .int8 || pays ? .int8 : .none)
    }

    /// The share of its time that an edge saves when `int8` moves in the stead of what moved: all time but that of training is the
    /// link's, and is divided by bytes.
    /// - Parameter smaller: bytes of an update as `int8`.
    /// - Returns: `nil` when the edge's times are not known.
    static func saving(of update: CountedUpdate, smaller: Int) -> Double? {
        let moved = Double(update.bytes + update.fetchedBytes)
        guard update.trainSeconds > 0, update.totalSeconds >= update.trainSeconds, moved > 0 else { return nil }
        let link = update.totalSeconds - update.trainSeconds
        guard link > 0 else { return 0 }
        return link / update.totalSeconds * Double(max(0, update.bytes - smaller)) / moved
    }

    /// The lower one of two in the middle.
    static func median(_ savings: [Double]) -> Double? {
        savings.isEmpty ? nil : savings.sorted()[(savings.count - 1) / 2]
    }
}

extension Job {
    /// How the updates of the round behind the last committed one are sent; `nil` where the job asks for nothing.
    var compression: CompressionSpec? {
        guard let compression = spec.compression, compression.kind == .auto else { return spec.compression }
        return AutomaticCompression.choice(modelBytes: architecture.bytes, after: rounds.last?.compression)
    }

    var codec: UpdateCodec? { UpdateCodec(compression) }

    /// The tensors of an update as an edge sends it.
    var updateTensors: [TensorSpec] {
        get throws { try updateTensors(codec) }
    }

    private func updateTensors(_ codec: UpdateCodec?) throws -> [TensorSpec] {
        let tensors = try architecture.tensors
        return codec?.encoded(tensors, without: spec.withheldIndices(of: tensors)) ?? tensors
    }

    /// What is told of how a round's updates were sent. Call before the round counts as committed.
    /// - Parameter seconds: of the round, as this process has seen it.
    func roundCompression(of updates: [CountedUpdate], seconds: Double) throws -> RoundCompression? {
        guard let asked = spec.compression, let sent = compression else { return nil }
        var told = RoundCompression(sent: sent, wholeBytes: updates.count * architecture.bytes)
        if asked.kind == .auto, sent.kind == .none {
            let int8 = UpdateCodec(CompressionSpec(kind: .int8))
            let smaller = try updateTensors(int8).reduce(0) { $0 + $1.shape.reduce($1.type.bytes, *) }
            // What was counted before the core restarted took nobody knows how long.
            told.predictedSaving = AutomaticCompression.median(
                updates.filter { $0.totalSeconds <= seconds }
                    .compactMap { AutomaticCompression.saving(of: $0, smaller: smaller) })
        }
        return told
    }
}
