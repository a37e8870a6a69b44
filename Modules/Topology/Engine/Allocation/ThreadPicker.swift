/// Picks hardware threads of one NUMA node: whole cores that are nobody's first.
struct ThreadPicker: Sendable {
    /// How many threads can be had here.
    let capacity: Int
    /// Cores of which nothing is taken, ascending.
    private let fresh: [MachineMap.Core]
    /// What is free of the cores on which somebody has a thread, the most first.
    private let mixed: [[Int]]
    private let freshCount: Int
    private let isUniform: Bool

    /// - Parameters:
    ///   - free: the threads that may be taken.
    ///   - most: how many of them at most.
    init(_ cores: [MachineMap.Core], free: Set<Int>, most: Int) {
        fresh = cores.filter { $0.threads.allSatisfy(free.contains) }
        mixed = cores.filter { !$0.threads.allSatisfy(free.contains) }
            .map { $0.threads.filter(free.contains) }.filter { !$0.isEmpty }
            .sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
        freshCount = fresh.reduce(0) { $0 + $1.threads.count }
        capacity = min(most, freshCount + mixed.reduce(0) { $0 + $1.count })
        isUniform = Set(fresh.map(\.threads.count)).count <= 1
    }

    /// Cores shared with another owner and cores split, at least, for each number of threads from 0 to `capacity`.
    func costs() -> [(shared: Int, split: Int)] {
        let sums = wholeSums(upTo: min(capacity, freshCount))
        return (0...max(0, capacity)).map { count in
            if count <= freshCount { return (0, sums[count] ? 0 : 1) }
            var rest = count - freshCount
            return (
                mixed.prefix { part in
                    defer { rest -= part.count }
                    return rest > 0
                }.count, 0
            )
        }
    }

    /// `count` threads at those costs, of the lowest numbers.
    func pick(_ count: Int) -> [Int] {
        guard count < freshCount else {
            let rest = mixed.joined().prefix(max(0, count - freshCount))
            return fresh.flatMap(\.threads) + rest
        }
        if !isUniform, let cores = wholeCores(count) { return cores.flatMap(\.threads) }
        var taken: [Int] = []
        var passed: [MachineMap.Core] = []
        for core in fresh {
            if core.threads.count <= count - taken.count { taken += core.threads } else { passed.append(core) }
        }
        // What is left over is less than any core that was passed.
        if let core = passed.first { taken += core.threads.prefix(count - taken.count) }
        return taken
    }

    /// Which numbers of threads whole fresh cores add up to.
    private func wholeSums(upTo limit: Int) -> [Bool] {
        if isUniform, let size = fresh.first?.threads.count { return (0...limit).map { $0.isMultiple(of: size) } }
        return lastCores(upTo: limit).map { $0 != nil }
    }

    /// Whole fresh cores with `count` threads together; `nil` when there are none.
    private func wholeCores(_ count: Int) -> [MachineMap.Core]? {
        let last = lastCores(upTo: count)
        var cores: [MachineMap.Core] = []
        var rest = count
        while rest > 0 {
            guard let index = last[rest] else { return nil }
            cores.append(fresh[index])
            rest -= fresh[index].threads.count
        }
        return cores.reversed()
    }

    /// For each sum that whole cores reach, the last core of the first way to reach it; subset sums, core by core.
    private func lastCores(upTo limit: Int) -> [Int?] {
        var last = [Int?](repeating: nil, count: limit + 1)
        last[0] = -1
        for (index, core) in fresh.enumerated() {
            let size = core.threads.count
            guard size <= limit else { continue }
            for sum in stride(from: limit, through: size, by: -1) where last[sum] == nil && last[sum - size] != nil {
                last[sum] = index
            }
        }
        return last
    }
}
