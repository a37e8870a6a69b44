/// The arithmetic of stream credit, which writer and reader must agree on.
enum Credit {
    /// Whether an item of `cost` bytes may go while `credit` bytes of a window of `window` are left.
    static func allows(cost: Int, credit: Int, window: Int) -> Bool {
        cost <= credit || credit > window - threshold(window)
    }

    /// After how many consumed bytes the reader grants them anew.
    static func threshold(_ window: Int) -> Int { max(1, window / 4) }

    /// What an item of the local process costs, whose body is never encoded.
    static let localItemCost = 256
}
