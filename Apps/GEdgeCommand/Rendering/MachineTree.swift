import Contracts

/// The inside of a machine as a tree: packages, their NUMA nodes, in those the caches, cores and devices.
enum MachineTree {
    /// The lines of the tree, the first of them a summary; every line can be shown on a terminal.
    /// - Parameter isUnicode: whether the branches are drawn with box characters, or with ASCII.
    static func lines(_ machine: Contracts.Machine, isUnicode: Bool = true) -> [String] {
        let builder = MachineTreeBuilder(machine)
        return builder.root.lines(isUnicode: isUnicode)
    }

    /// Numbers as the kernel lists them: `0-3,8`.
    static func list(_ numbers: [Int]) -> String {
        var parts: [String] = []
        var start: Int?
        let sorted = Set(numbers).sorted()
        for (index, number) in sorted.enumerated() {
            let first = start ?? number
            if index + 1 < sorted.count, sorted[index + 1] == number + 1 {
                start = first
            } else {
                parts.append(first == number ? "\(number)" : "\(first)-\(number)")
                start = nil
            }
        }
        return parts.joined(separator: ",")
    }
}

/// A line of the tree and those below it.
struct MachineBranch: Sendable {
    var text: String
    var branches: [MachineBranch] = []

    func lines(isUnicode: Bool) -> [String] {
        let (fork, last, bar) = isUnicode ? ("├─ ", "└─ ", "│  ") : ("|- ", "`- ", "|  ")
        var lines = [TextWidth.printable(text)]
        for (index, branch) in branches.enumerated() {
            let isLast = index + 1 == branches.count
            for (row, line) in branch.lines(isUnicode: isUnicode).enumerated() {
                lines.append((row == 0 ? (isLast ? last : fork) : (isLast ? "   " : bar)) + line)
            }
        }
        return lines
    }
}
