/// Shares a job's workers out over its edges: the least delay for others with exactly as many workers as the job needs
/// and at least its coverage of samples.
///
/// Dynamic programming over the edges; for each number of workers a front of pairs (delay, samples) of which none is
/// better in both. A front that grows past `width` loses pairs from its middle, never the ends: what is feasible is always
/// found. Complexity: edges x workers^2 x width.
struct EdgeKnapsack: Sendable {
    private static let width = 8

    /// The items of one edge, and where their costs stand: a row for each level, which is the number of flows.
    struct Group: Sendable {
        var items: Range<Int>
        var costs: Int
        var levels: Int
        /// The most workers that the edge can take.
        var most: Int
        /// Where the delays of its levels stand.
        var delays: Int
    }

    /// What is asked of a solution.
    struct Demand {
        var workers: Int
        var coverage: Double
        /// The most samples that any one worker can add.
        var mostSamples: Double
        /// Solutions that delay others this much or more are of no use.
        var delayLimit: Double
    }

    private struct Option {
        var count: Int
        var samples: Double
        var delay: Double
    }

    private struct Entry {
        var delay: Double
        var samples: Double
        /// The entry that this one extends, and by how many workers.
        var parent: Int32
        var count: Int32
    }

    /// How many workers each edge got in the last solution.
    private(set) var counts: [Int] = []
    private var options: [Option] = []
    private var optionStart: [Int] = []
    private var entries: [Entry] = []
    private var sizes: [Int] = []

    // MARK: Options

    /// Forgets the options of before.
    mutating func begin() {
        options.removeAll(keepingCapacity: true)
        optionStart.removeAll(keepingCapacity: true)
        optionStart.append(0)
    }

    /// Adds an option to the group that is being described; by count, ascending.
    mutating func append(count: Int, samples: Double, delay: Double) {
        options.append(Option(count: count, samples: samples, delay: delay))
    }

    /// Ends the description of a group.
    mutating func endGroup() { optionStart.append(options.count) }

    // MARK: Solution

    /// The least delay, with `counts` set; `nil` when the options give too few workers or samples, or delay too much.
    mutating func solve(_ demand: Demand) -> Double? {
        let groups = optionStart.count - 1
        var remaining = 0
        for group in 0..<groups { remaining += most(group) }
        guard remaining >= demand.workers else { return nil }
        let row = demand.workers + 1
        let layer = row * Self.width
        if entries.count < (groups + 1) * layer {
            entries = [Entry](
                repeating: Entry(delay: 0, samples: 0, parent: -1, count: 0), count: (groups + 1) * layer)
        }
        if sizes.count < (groups + 1) * row { sizes = [Int](repeating: 0, count: (groups + 1) * row) }
        let (options, optionStart) = (options, optionStart)
        // Unsafe buffers: this loop is half of a search's time, and checks of bounds and ownership doubled it.
        let found: Int? = entries.withUnsafeMutableBufferPointer { entries in
            sizes.withUnsafeMutableBufferPointer { sizes in
                Self.fill(entries, sizes, options, optionStart, remaining, demand)
            }
        }
        guard let found else { return nil }
        counts.removeAll(keepingCapacity: true)
        for _ in 0..<groups { counts.append(0) }
        var index = found
        for group in (0..<groups).reversed() {
            counts[group] = Int(entries[index].count)
            index = Int(entries[index].parent)
        }
        return entries[found].delay
    }

    /// Fills the fronts of all groups.
    /// - Returns: the place of the best entry, if there is one.
    private static func fill(
        _ entries: UnsafeMutableBufferPointer<Entry>, _ sizes: UnsafeMutableBufferPointer<Int>, _ options: [Option],
        _ optionStart: [Int], _ available: Int, _ demand: Demand
    ) -> Int? {
        let groups = optionStart.count - 1
        let workers = demand.workers
        let row = workers + 1
        var remaining = available
        entries[0] = Entry(delay: 0, samples: 0, parent: -1, count: 0)
        sizes[0] = 1
        var (least, reach) = (0, 0)
        for group in 0..<groups {
            let own = optionStart[group]..<optionStart[group + 1]
            let most = own.isEmpty ? 0 : options[own.upperBound - 1].count
            let (leastBefore, reachBefore) = (least, reach)
            remaining -= most
            reach = min(workers, reach + most)
            // With fewer, the groups that follow cannot make up the number.
            least = max(0, workers - remaining)
            guard least <= reach else { return nil }
            for total in least...reach {
                let place = (group + 1) * row + total
                var front = Front(
                    entries: entries, base: place * width, size: 0, demand: demand,
                    samplesNeeded: demand.coverage > 0
                        ? demand.coverage - Double(workers - total) * demand.mostSamples : 0)
                if total >= leastBefore, total <= reachBefore {
                    let source = group * row + total
                    front.extend(source * width, sizes[source], Option(count: 0, samples: 0, delay: 0))
                }
                for index in own {
                    let option = options[index]
                    let before = total - option.count
                    if before < leastBefore { break }
                    if before > reachBefore { continue }
                    let source = group * row + before
                    front.extend(source * width, sizes[source], option)
                }
                sizes[place] = front.size
            }
        }
        // The front is sorted by delay, and has nothing that covers too little.
        return sizes[groups * row + workers] > 0 ? (groups * row + workers) * width : nil
    }

    private func most(_ group: Int) -> Int {
        optionStart[group + 1] > optionStart[group] ? options[optionStart[group + 1] - 1].count : 0
    }

    /// The pairs for one number of workers, sorted by delay and by samples, both ascending.
    private struct Front {
        let entries: UnsafeMutableBufferPointer<Entry>
        let base: Int
        var size: Int
        let demand: Demand
        /// With fewer samples, the workers that are still to come cannot reach the coverage.
        let samplesNeeded: Double

        /// Adds what `option` makes of the `count` entries at `source`.
        @inline(__always)
        mutating func extend(_ source: Int, _ count: Int, _ option: Option) {
            for parent in source..<source + count {
                let delay = entries[parent].delay + option.delay
                if delay >= demand.delayLimit { return }
                let samples = demand.coverage > 0 ? entries[parent].samples + option.samples : 0
                if samples < samplesNeeded { continue }
                insert(Entry(delay: delay, samples: samples, parent: Int32(parent), count: Int32(option.count)))
            }
        }

        @inline(__always)
        private mutating func insert(_ entry: Entry) {
            var position = 0
            while position < size, entries[base + position].delay < entry.delay { position += 1 }
            // Worse than one that delays less, or as much?
            if position > 0, entries[base + position - 1].samples >= entry.samples { return }
            if position < size, entries[base + position].delay == entry.delay,
                entries[base + position].samples >= entry.samples
            {
                return
            }
            // Those from here on that it is better than go.
            var end = position
            while end < size, entries[base + end].samples <= entry.samples { end += 1 }
            if end > position {
                entries[base + position] = entry
                if end > position + 1 {
                    for index in end..<size { entries[base + position + 1 + index - end] = entries[base + index] }
                    size -= end - position - 1
                }
                return
            }
            if size == EdgeKnapsack.width {
                // Full: one of the middle goes, the one in whose place the entry would stand unless that is an end.
                let victim = min(max(position, 1), size - 2)
                if position > 0, position < size {
                    entries[base + victim] = entry
                    return
                }
                for index in victim..<size - 1 { entries[base + index] = entries[base + index + 1] }
                size -= 1
                if position > victim { position -= 1 }
            }
            var index = size
            while index > position {
                entries[base + index] = entries[base + index - 1]
                index -= 1
            }
            entries[base + position] = entry
            size += 1
        }
    }
}
