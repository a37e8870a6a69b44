/// All choices of a number of elements, in the order of their places.
struct Combinations<Element>: Sequence, IteratorProtocol {
    private let elements: [Element]
    private var places: [Int]?

    init(_ elements: [Element], taking count: Int) {
        self.elements = elements
        places = (0...elements.count).contains(count) ? Array(0..<count) : nil
    }

    mutating func next() -> [Element]? {
        guard var places else { return nil }
        defer {
            let count = elements.count - places.count
            if let last = places.indices.last(where: { places[$0] < count + $0 }) {
                let first = places[last] + 1
                for place in last..<places.count { places[place] = first + place - last }
                self.places = places
            } else {
                self.places = nil
            }
        }
        return places.map { elements[$0] }
    }
}
