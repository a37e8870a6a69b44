/// Doubly linked lists whose members are numbers, each in at most one list: joining and leaving take constant time and no
/// memory.
struct MemberLists: Sendable {
    /// What ends a list.
    private static let none: Int32 = -1

    private var heads: [Int32]
    private var following: [Int32]
    private var preceding: [Int32]

    /// - Parameters:
    ///   - lists: how many lists there are; all are empty.
    ///   - members: how many numbers there are, from 0.
    init(lists: Int, members: Int) {
        heads = [Int32](repeating: Self.none, count: lists)
        following = [Int32](repeating: Self.none, count: members)
        preceding = following
    }

    /// The first member of a list, negative when it is empty.
    @inline(__always)
    func first(of list: Int) -> Int32 { heads[list] }

    /// The member behind `member`, negative at the end.
    @inline(__always)
    func next(after member: Int32) -> Int32 { following[Int(member)] }

    /// Puts a member that is in no list in front of those of `list`.
    mutating func add(_ member: Int, to list: Int) {
        let head = heads[list]
        following[member] = head
        preceding[member] = Self.none
        if head >= 0 { preceding[Int(head)] = Int32(member) }
        heads[list] = Int32(member)
    }

    /// Takes a member out of `list`, which it is in.
    mutating func remove(_ member: Int, from list: Int) {
        let (previous, next) = (preceding[member], following[member])
        if previous >= 0 { following[Int(previous)] = next } else { heads[list] = next }
        if next >= 0 { preceding[Int(next)] = previous }
    }
}
