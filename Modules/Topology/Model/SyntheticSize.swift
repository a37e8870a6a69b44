/// How many hardware threads a synthetic description multiplies out to, before anything of that size is made.
enum SyntheticSize {
    /// The most hardware threads of a machine that is looked at.
    static let limit = 8192

    /// The product of all counts, each a number that ends a word or stands before a parenthesis, as in `numa:2(memory=1GB)`.
    ///
    /// It is an upper bound: what stands in brackets hangs beside the hierarchy and is counted as a part of it.
    static func threads(of description: String) -> Int {
        var product = 1
        var depth = 0
        for word in description.split(whereSeparator: { $0 == " " || $0 == "[" || $0 == "]" }) {
            let isInside = depth > 0
            depth += word.reduce(0) { $0 + ($1 == "(" ? 1 : $1 == ")" ? -1 : 0) }
            if isInside { continue }
            let count = word.prefix { $0 != "(" }.split(separator: ":").last ?? ""
            guard let number = Int(count) else { continue }
            let (next, overflow) = product.multipliedReportingOverflow(by: max(number, 1))
            guard !overflow, next <= 1 << 20 else { return .max }
            product = next
        }
        return product
    }
}
