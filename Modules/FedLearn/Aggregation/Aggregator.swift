import Contracts
import Core
import MessageBus
import Tensor

/// Makes the next global model of a round's updates, as the job's strategy says, shard by shard.
///
/// Beside the result and the strategy's state, no more of the updates is in memory than `memory` bytes, or a block of each where
/// that is more: not more for more edges. Updates are read in the order they are given: same updates, same bits.
struct Aggregator: Sendable {
    /// Updates that cannot be combined with the others, with reasons.
    struct Excluded: Error {
        var reasons: [Name: String]
    }

    /// What a round starts from and what came.
    struct Round: Sendable {
        var updates: [CountedUpdate]
        /// Of the updates, in their order; cut like `base`.
        var manifests: [Manifest]
        var base: Manifest
        /// What the round before left for the strategy, by name; cut like `base`.
        var state: [String: Manifest] = [:]
        /// Tensors that stay as they are in `base`, whatever the updates hold.
        var kept: Set<Int> = []
        /// The edges that contributed to earlier rounds.
        var earlier: Set<Name> = []
    }

    /// What becomes of it.
    struct Result: Sendable {
        var model: [Tensor]
        /// In the order of the strategy's `state`.
        var state: [[Tensor]]
        /// Of the updates, in their order: ‖update − base‖.
        var norms: [Double]
        /// Of the updates, in their order, where the strategy chose them from what it measured.
        var weights: [Float]?
        /// Of a private mean whose clip is adaptive: that of the next round.
        var nextClip: Double?
    }

    /// The most bytes of updates in memory unless told otherwise: 8 shards of the largest size.
    static let standardMemory = 64 << 20
    /// The most updates that are added up in one pass: more streams than that do not go faster.
    private static let group = 8
    /// Shards between two looks at how much memory is free: the buffers of many leave holes that the next ones do not fit.
    private static let stretch = 8

    let strategy: any Strategy
    /// Takes the place of the strategy's mean, for one that needs no more than that.
    var privacy: PrivateMean?
    var exclusions = Exclusions()
    var memory = standardMemory
    /// One shard's raw bytes, verified.
    var read: @Sendable (ShardSpec) async throws -> Attachment
    var settleMemory: @Sendable () async -> Void = {}

    private var measures: StrategyMeasures {
        privacy == nil ? strategy.measures : strategy.measures.union(.norms)
    }

    /// - Throws: `Excluded` for updates that must be left out; `FedLearnError` `diverged` when good updates have a result that is
    ///   out of float32's range; what the strategy throws.
    func aggregate(_ round: Round) async throws -> Result {
        var survey = Survey(count: round.updates.count, measures: measures)
        if !measures.isEmpty {
            try await measure(round, into: &survey)
            try exclude(survey, round)
        }
        let view = StrategyRound(
            zip(round.updates, survey.squaredNorms).map { update, square in
                StrategyRound.Update(
                    edge: update.edge, samples: update.samples, steps: update.steps, baseLoss: update.baseLoss,
                    squaredNorm: square)
            }, earlier: round.earlier, squaredDistances: survey.squaredDistances)
        let sums = try strategy.sums(of: view)
        let combination = try checked(
            try privacy?.combination(squaredNorms: survey.squaredNorms) ?? strategy.combination(of: view),
            count: round.updates.count)
        // What was measured already is not measured again.
        var unmeasured: Survey? = measures.isEmpty ? survey : nil
        var result = Result(
            model: try round.base.tensors.map { try Tensor(zeros: $0.shape) },
            state: try strategy.state.map { _ in try round.base.tensors.map { try Tensor(zeros: $0.shape) } }, norms: []
        )
        var diverged: String?
        for (index, shard) in round.base.shards.enumerated() {
            let base = try await read(shard)
            if round.kept.contains(shard.entry) {
                result.model[shard.entry].withUnsafeMutableBufferPointer { values in
                    let target = UnsafeMutableRawBufferPointer(values.span(of: shard))
                    base.withUnsafeBytes { target.copyMemory(from: $0) }
                }
                continue
            }
            switch combination {
            case .weighted(let own, let weights):
                try await add(index, own, weights, round, base, into: &result.model[shard.entry], &unmeasured)
            case .coordinates(let chosen, let rule):
                let tensor = round.base.tensors[shard.entry].name
                try await forEachWindow(of: index, chosen, round) { range, values in
                    base.withUnsafeBytes { base in
                        for block in Self.blocks(of: range) where unmeasured != nil {
                            for (update, bytes) in zip(chosen, values) {
                                unmeasured?.add(
                                    update, bytes.floats(block.shifted(by: -range.lowerBound)),
                                    base: base.floats(block), tensor: tensor)
                            }
                        }
                    }
                    result.model[shard.entry].withUnsafeMutableBufferPointer { model in
                        rule(
                            values.map(ModelValues.init),
                            UnsafeMutableBufferPointer(rebasing: model.span(of: shard)[range]))
                    }
                }
            }
            try await step(shard, index, round, base, sums, &result)
            let isFinite = result.model[shard.entry].withUnsafeMutableBufferPointer {
                Kernels.isFinite(UnsafeBufferPointer($0.span(of: shard)))
            }
            if !isFinite, diverged == nil { diverged = round.base.tensors[shard.entry].name }
            if index % Self.stretch == Self.stretch - 1 { await settleMemory() }
        }
        if let unmeasured {
            survey = unmeasured
            try exclude(survey, round)
        } else if case .weighted(_, let weights) = combination {
            result.weights = weights
        }
        result.nextClip = privacy?.nextClip(squaredNorms: survey.squaredNorms)
        if let diverged {
            throw FedLearnError(
                "diverged",
                "the new global model is out of float32's range in tensor '\(diverged)'; lower spec.optimizer.learningRate, or "
                    + "that of spec.strategy")
        }
        result.norms = survey.squaredNorms.map { $0.squareRoot() }
        return result
    }

    private func exclude(_ survey: Survey, _ round: Round) throws {
        let reasons = exclusions.reasons(in: survey)
        guard !reasons.isEmpty else { return }
        throw Excluded(
            reasons: Dictionary(reasons.map { (round.updates[$0.key].edge, $0.value) }) { first, _ in first })
    }

    /// A strategy may come from elsewhere: what it says must fit before it is used.
    private func checked(_ combination: Combination, count: Int) throws -> Combination {
        let isSound =
            switch combination {
            case .weighted(let base, let weights):
                weights.count == count && base.isFinite && weights.allSatisfy(\.isFinite)
            case .coordinates(let chosen, _):
                !chosen.isEmpty && chosen == Set(chosen).sorted() && (0..<count).contains(chosen.first ?? 0)
                    && (0..<count).contains(chosen.last ?? 0)
            }
        guard isSound else {
            throw FedLearnError(
                "bad-strategy",
                "strategy '\(type(of: strategy).kind)' combines \(count) updates in a way that does not fit them: \(combination)"
            )
        }
        return combination
    }

    // MARK: - Spans

    /// Measures all updates.
    private func measure(_ round: Round, into survey: inout Survey) async throws {
        let all = Array(round.updates.indices)
        let isPairwise = strategy.measures.contains(.distances)
        for (index, shard) in round.base.shards.enumerated() where !round.kept.contains(shard.entry) {
            let base = try await read(shard)
            let tensor = round.base.tensors[shard.entry].name
            // Updates are only compared with each other where that was asked for; otherwise a few at a time will do.
            for start in stride(from: 0, to: all.count, by: isPairwise ? all.count : Self.group) {
                let chosen = Array(all[start..<(isPairwise ? all.count : min(all.count, start + Self.group))])
                try await forEachWindow(of: index, chosen, round) { range, values in
                    base.withUnsafeBytes { base in
                        for block in Self.blocks(of: range) {
                            let spans = values.map { $0.floats(block.shifted(by: -range.lowerBound)) }
                            for (update, span) in zip(chosen, spans) {
                                survey.add(update, span, base: base.floats(block), tensor: tensor)
                            }
                            if isPairwise { survey.addDistances(spans) }
                        }
                    }
                }
            }
            if index % Self.stretch == Self.stretch - 1 { await settleMemory() }
        }
    }

    /// result ← own · base + Σ weights[k] · update k, over one shard, measuring the updates on the way.
    private func add(
        _ index: Int, _ own: Float, _ weights: [Float], _ round: Round, _ base: Attachment, into tensor: inout Tensor,
        _ survey: inout Survey?
    ) async throws {
        let shard = round.base.shards[index]
        let name = round.base.tensors[shard.entry].name
        let chosen = weights.indices.filter { weights[$0] != 0 }
        tensor.withUnsafeMutableBufferPointer { values in
            base.withUnsafeBytes {
                Kernels.weightedSum(
                    into: values.span(of: shard), sources: own == 0 ? [] : [$0], weights: own == 0 ? [] : [own])
            }
        }
        for start in stride(from: 0, to: chosen.count, by: Self.group) {
            let group = Array(chosen[start..<min(chosen.count, start + Self.group)])
            try await forEachWindow(of: index, group, round) { range, sources in
                tensor.withUnsafeMutableBufferPointer { values in
                    base.withUnsafeBytes { base in
                        let span = values.span(of: shard)
                        // A block goes through the cache once, for the sum and for the measures.
                        for block in Self.blocks(of: range) {
                            let spans = sources.map { $0.floats(block.shifted(by: -range.lowerBound)) }
                            Kernels.accumulate(
                                into: UnsafeMutableBufferPointer(rebasing: span[block]), sources: spans,
                                weights: group.map { weights[$0] })
                            for (update, bytes) in zip(group, spans) {
                                survey?.add(update, bytes, base: base.floats(block), tensor: name)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Gives the strategy the state of one shard, and lets it change that and the model.
    private func step(
        _ shard: ShardSpec, _ index: Int, _ round: Round, _ base: Attachment, _ sums: [StrategySum],
        _ result: inout Result
    ) async throws {
        for (place, state) in strategy.state.enumerated() {
            let bytes: Attachment?
            if let manifest = round.state[state.name] {
                bytes = try await read(manifest.shards[index])
            } else {
                bytes = nil
            }
            result.state[place][shard.entry].withUnsafeMutableBufferPointer { values in
                let span = values.span(of: shard)
                if let bytes {
                    bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(span).copyMemory(from: $0) }
                } else {
                    span.update(repeating: state.initial)
                }
            }
            for sum in sums where sum.state == state.name {
                try await add(sum, of: index, round, base, to: &result.state[place][shard.entry])
            }
        }
        // Taken out, so that nobody else holds the tensors and none is copied.
        let nothing = try Tensor(zeros: [0])
        var tensors = result.state.indices.map { place in
            let tensor = result.state[place][shard.entry]
            result.state[place][shard.entry] = nothing
            return tensor
        }
        Self.withSpans(of: &tensors, shard) { state in
            result.model[shard.entry].withUnsafeMutableBufferPointer { model in
                privacy?.addNoise(to: model.span(of: shard))
                base.withUnsafeBytes {
                    strategy.step(StrategySpan(base: ModelValues($0), model: model.span(of: shard), state: state))
                }
            }
        }
        for (place, tensor) in tensors.enumerated() { result.state[place][shard.entry] = tensor }
    }

    /// tensor ← old · tensor + base · base + Σ weights[k] · update k, over one shard.
    private func add(
        _ sum: StrategySum, of index: Int, _ round: Round, _ base: Attachment, to tensor: inout Tensor
    ) async throws {
        let shard = round.base.shards[index]
        tensor.withUnsafeMutableBufferPointer { values in
            let span = values.span(of: shard)
            Kernels.scale(span, by: sum.old)
            base.withUnsafeBytes { Kernels.accumulate(into: span, from: $0, weight: sum.base) }
        }
        let chosen = sum.updates.indices.filter { sum.updates[$0] != 0 }
        for start in stride(from: 0, to: chosen.count, by: Self.group) {
            let group = Array(chosen[start..<min(chosen.count, start + Self.group)])
            try await forEachWindow(of: index, group, round) { range, sources in
                tensor.withUnsafeMutableBufferPointer { values in
                    Kernels.accumulate(
                        into: UnsafeMutableBufferPointer(rebasing: values.span(of: shard)[range]), sources: sources,
                        weights: group.map { sum.updates[$0] })
                }
            }
        }
    }

    /// Gives `body` the spans that a shard covers of all `tensors`, in their order.
    private static func withSpans(
        of tensors: inout [Tensor], _ shard: ShardSpec, _ spans: [UnsafeMutableBufferPointer<Float>] = [],
        _ body: ([UnsafeMutableBufferPointer<Float>]) -> Void
    ) {
        guard var last = tensors.popLast() else { return body(spans) }
        last.withUnsafeMutableBufferPointer { values in
            withSpans(of: &tensors, shard, [values.span(of: shard)] + spans, body)
        }
        tensors.append(last)
    }

    /// Gives `body` the values of these updates in one shard, all at once: whole, or a window after the other where so many shards
    /// are more than `memory`.
    private func forEachWindow(
        of index: Int, _ chosen: [Int], _ round: Round, _ body: (Range<Int>, [UnsafeRawBufferPointer]) -> Void
    ) async throws {
        let width = MemoryLayout<Float>.size
        let count = round.base.shards[index].size / width
        let window = max(Survey.block, memory / (width * max(1, chosen.count)) / Survey.block * Survey.block)
        if count <= window {
            var shards: [Attachment] = []
            for update in chosen { shards.append(try await read(round.manifests[update].shards[index])) }
            body(0..<count, shards.map(\.shared.bytes))
            return withExtendedLifetime(shards) {}
        }
        let rows = UnsafeMutableRawBufferPointer.allocate(byteCount: chosen.count * window * width, alignment: 64)
        defer { rows.deallocate() }
        for start in stride(from: 0, to: count, by: window) {
            let range = start..<min(count, start + window)
            var spans: [UnsafeRawBufferPointer] = []
            for (row, update) in chosen.enumerated() {
                let bytes = try await read(round.manifests[update].shards[index])
                let from = row * window * width
                let target = UnsafeMutableRawBufferPointer(rebasing: rows[from..<(from + range.count * width)])
                bytes.withUnsafeBytes { target.copyMemory(from: $0.floats(range)) }
                spans.append(UnsafeRawBufferPointer(target))
            }
            body(range, spans)
        }
    }

    /// `range` in blocks that begin where those of the whole shard do.
    private static func blocks(of range: Range<Int>) -> [Range<Int>] {
        stride(from: range.lowerBound, to: range.upperBound, by: Survey.block).map {
            $0..<min(range.upperBound, $0 + Survey.block)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of these float32 values.
    fileprivate func floats(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range.lowerBound * 4..<range.upperBound * 4])
    }
}

extension Range<Int> {
    fileprivate func shifted(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
}

extension Manifest {
    /// Whether both are the same tensors cut at the same places.
    func isCutLike(_ other: Manifest) -> Bool {
        tensors == other.tensors && shards.count == other.shards.count
            && zip(shards, other.shards).allSatisfy { left, right in
                left.entry == right.entry && left.offset == right.offset && left.size == right.size
            }
    }
}
