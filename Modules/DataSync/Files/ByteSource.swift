/// Small reads at any place of a file.
struct ByteSource {
    let size: Int
    private let read: (Int, Int) throws -> [UInt8]

    /// - Parameter read: the bytes from an offset on, that many or fewer where the file ends.
    init(size: Int, read: @escaping (Int, Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// Those bytes; `nil` unless all of them lie in the file.
    func bytes(_ offset: Int, _ count: Int) throws -> [UInt8]? {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else { return nil }
        let found = try read(offset, count)
        return found.count == count ? found : nil
    }
}

extension [UInt8] {
    /// A little-endian number of `count` bytes; `nil` when it does not lie here or does not fit an `Int`.
    func number(_ offset: Int, _ count: Int) -> Int? {
        guard offset >= 0, offset <= self.count - count else { return nil }
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(self[offset + index]) }
        return Int(exactly: value)
    }
}
