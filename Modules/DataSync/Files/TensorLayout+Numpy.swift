extension TensorLayout {
    private static let maximumNpyHeader = 64 << 10
    private static let maximumDirectory = 4 << 20

    /// A file of one NumPy array.
    static func npy(_ source: ByteSource) throws -> TensorLayout? {
        guard let span = try array(source, 0..<source.size) else { return nil }
        return TensorLayout([span], size: source.size)
    }

    /// A zip archive of NumPy arrays; those that it stores as they are. Compressed ones are no tensors to anybody who cuts.
    static func npz(_ source: ByteSource) throws -> TensorLayout? {
        guard let directory = try centralDirectory(source) else { return nil }
        var spans: [Span] = []
        var position = 0
        var entries = 0
        while position < directory.count {
            entries += 1
            guard entries <= maximumSpans, let entry = ZipEntry(directory, at: position) else { return nil }
            position += entry.length
            guard entry.isStored else { continue }
            guard let head = try source.bytes(entry.offset, 30), head.number(0, 4) == 0x0403_4b50,
                let name = head.number(26, 2), let extra = head.number(28, 2)
            else { return nil }
            let start = entry.offset + 30 + name + extra
            guard start <= source.size, entry.bytes <= source.size - start else { return nil }
            if let span = try array(source, start..<start + entry.bytes) { spans.append(span) }
        }
        return TensorLayout(spans, size: source.size)
    }

    /// The data of an array whose file lies in `range`; `nil` for what is none.
    private static func array(_ source: ByteSource, _ range: Range<Int>) throws -> Span? {
        guard range.count >= 12, let head = try source.bytes(range.lowerBound, 12),
            head.starts(with: [0x93] + Array("NUMPY".utf8)), (1...3).contains(head[6])
        else { return nil }
        let prefix = head[6] == 1 ? 10 : 12
        guard let length = head[6] == 1 ? head.number(8, 2) : head.number(8, 4), length <= maximumNpyHeader,
            prefix + length <= range.count, let text = try source.bytes(range.lowerBound + prefix, length)
        else { return nil }
        // {'descr': '<f4', 'fortran_order': …}: the last digits say how large an element is; a record type has none.
        let words = text.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
        let type = words.firstIndex { $0.elementsEqual("descr".utf8) }.flatMap { index in
            index + 2 < words.count ? words[index + 2] : nil
        }
        let isOneByte = type?.last == UInt8(ascii: "1")
        return Span(
            start: range.lowerBound + prefix + length, end: range.upperBound, elementBytes: isOneByte ? 1 : 4)
    }

    /// The list of a zip archive's entries; `nil` for what is none.
    private static func centralDirectory(_ source: ByteSource) throws -> [UInt8]? {
        let count = min(source.size, 22 + 65_535)
        guard count >= 22, let tail = try source.bytes(source.size - count, count) else { return nil }
        let end = stride(from: count - 22, through: 0, by: -1).first { tail.number($0, 4) == 0x0605_4b50 }
        guard let end, var size = tail.number(end + 12, 4), var offset = tail.number(end + 16, 4) else { return nil }
        if offset == 0xffff_ffff || size == 0xffff_ffff {
            // A large archive says it again in 64 bits, in a record that a locator before this one points to.
            guard end >= 20, tail.number(end - 20, 4) == 0x0706_4b50, let place = tail.number(end - 12, 8),
                let record = try source.bytes(place, 56), record.number(0, 4) == 0x0606_4b50,
                let longSize = record.number(40, 8), let longOffset = record.number(48, 8)
            else { return nil }
            (size, offset) = (longSize, longOffset)
        }
        guard size <= maximumDirectory else { return nil }
        return try source.bytes(offset, size)
    }
}

/// One entry of a zip archive's directory.
private struct ZipEntry {
    /// Bytes of the entry itself.
    let length: Int
    let isStored: Bool
    /// Of the data.
    let bytes: Int
    /// Where its own header lies.
    let offset: Int

    init?(_ directory: [UInt8], at start: Int) {
        guard directory.number(start, 4) == 0x0201_4b50, directory.count - start >= 46,
            let method = directory.number(start + 10, 2), var packed = directory.number(start + 20, 4),
            var raw = directory.number(start + 24, 4), let name = directory.number(start + 28, 2),
            let extra = directory.number(start + 30, 2), let comment = directory.number(start + 32, 2),
            var offset = directory.number(start + 42, 4), 46 + name + extra + comment <= directory.count - start
        else { return nil }
        length = 46 + name + extra + comment
        // What does not fit 32 bits stands in a field of its own, in this order.
        var field = start + 46 + name
        let end = field + extra
        while field + 4 <= end, let kind = directory.number(field, 2), let size = directory.number(field + 2, 2),
            field + 4 + size <= end
        {
            var place = field + 4
            func long(_ value: inout Int) -> Bool {
                guard value == 0xffff_ffff else { return true }
                guard place + 8 <= field + 4 + size, let number = directory.number(place, 8) else { return false }
                value = number
                place += 8
                return true
            }
            if kind == 1, !(long(&raw) && long(&packed) && long(&offset)) { return nil }
            field += 4 + size
        }
        isStored = method == 0 && packed == raw
        bytes = packed
        self.offset = offset
    }
}
