import Core

extension LabelledData {
    /// Shares the samples out to `parts` sites: every sample goes to exactly one, and no site goes without.
    /// - Parameter seed: same seed, same shares.
    /// - Throws: `DatasetError.Kind.invalidSettings` for fewer than one part, more parts than samples, or parameters that are
    ///   not positive.
    public func split(into parts: Int, by strategy: SplitStrategy, seed: UInt64) throws(DatasetError) -> [LabelledData]
    {
        try splitIndices(into: parts, by: strategy, seed: seed).map(subset)
    }

    /// As `split(into:by:seed:)`, by the samples' indices, ascending in each part.
    public func splitIndices(
        into parts: Int, by strategy: SplitStrategy, seed: UInt64
    ) throws(DatasetError) -> [[Int]] {
        guard parts >= 1, parts <= count else {
            throw DatasetError(
                .invalidSettings, "\(count) samples cannot be split into \(parts) parts; choose 1 to \(count)")
        }
        var generator = SplitMix64(seed: seed, labels: "split")
        var shares = [[Int]](repeating: [], count: parts)
        switch strategy {
        case .iid:
            let order = Permutation.random(of: count, using: &generator)
            Self.deal(order, by: [Double](repeating: 1, count: parts), to: &shares)
        case .quantity(let proportions):
            let proportions = try Self.checked(proportions, parts: parts)
            let order = Permutation.random(of: count, using: &generator)
            Self.deal(order, by: proportions, to: &shares)
        case .dirichletQuantity(let alpha):
            let alphas = try Self.concentrations(alpha, nil, parts: parts)
            let order = Permutation.random(of: count, using: &generator)
            Self.deal(order, by: GammaSampler.dirichlet(alphas, using: &generator), to: &shares)
        case .dirichlet(let alpha, let proportions):
            let alphas = try Self.concentrations(alpha, proportions, parts: parts)
            for members in indicesByClass where !members.isEmpty {
                var members = members
                Permutation.shuffle(&members, using: &generator)
                Self.deal(members, by: GammaSampler.dirichlet(alphas, using: &generator), to: &shares)
            }
        }
        Self.fillEmpty(&shares)
        return shares.map { $0.sorted() }
    }

    /// The indices of each class's samples, ascending.
    var indicesByClass: [[Int]] {
        var indices = [[Int]](repeating: [], count: classCount)
        for (index, label) in labels.enumerated() { indices[Int(label)].append(index) }
        return indices
    }

    /// Cuts `order` at the rounded cumulative proportions.
    private static func deal(_ order: [Int], by proportions: [Double], to shares: inout [[Int]]) {
        let total = proportions.reduce(0, +)
        var sum = 0.0
        var start = 0
        for part in shares.indices {
            sum += proportions[part]
            let cut = part == shares.count - 1 ? order.count : Int((Double(order.count) * (sum / total)).rounded())
            let end = min(order.count, max(start, cut))
            shares[part].append(contentsOf: order[start..<end])
            start = end
        }
    }

    /// Gives each empty part a sample of the largest.
    private static func fillEmpty(_ shares: inout [[Int]]) {
        for part in shares.indices where shares[part].isEmpty {
            var largest = 0
            for other in shares.indices where shares[other].count > shares[largest].count { largest = other }
            shares[part].append(shares[largest].removeLast())
        }
    }

    private static func checked(_ proportions: [Double], parts: Int) throws(DatasetError) -> [Double] {
        guard proportions.count == parts else {
            throw DatasetError(
                .invalidSettings, "there are \(proportions.count) proportions for \(parts) parts; give one for each")
        }
        guard proportions.allSatisfy({ $0 > 0 && $0.isFinite }), proportions.reduce(0, +).isFinite else {
            throw DatasetError(.invalidSettings, "proportions must be positive numbers, not \(proportions)")
        }
        return proportions
    }

    private static func concentrations(
        _ alpha: Double, _ proportions: [Double]?, parts: Int
    ) throws(DatasetError) -> [Double] {
        guard alpha >= 1e-6, alpha <= 1e9 else {
            throw DatasetError(.invalidSettings, "Dirichlet's alpha must lie between 0.000001 and 1e9, not be \(alpha)")
        }
        guard let proportions else { return [Double](repeating: alpha, count: parts) }
        let checked = try checked(proportions, parts: parts)
        let total = checked.reduce(0, +)
        return checked.map { max(1e-9, alpha * Double(parts) * $0 / total) }
    }
}
