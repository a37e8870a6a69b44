/// Reads the format of the MNIST files (Y. LeCun, C. Cortes, C. Burges): big-endian arrays of numbers, images in one file and
/// labels in another.
struct IDXLoader {
    let source: DatasetSource
    let limits: DatasetLimits

    func load() throws -> Table {
        let labelsPath = try source.labelsPath ?? inferredLabelsPath()
        let images = try array(source.path)
        guard images.shape.count >= 2 else {
            throw DatasetError(
                .malformed,
                "\(source.path): it holds an array of shape \(images.shape), which are labels rather than images; 'path' is "
                    + "the file of images")
        }
        return try NPYLoader.table(images, labels: try array(labelsPath))
    }

    /// `train-images-idx3-ubyte` goes with `train-labels-idx1-ubyte`.
    private func inferredLabelsPath() throws -> String {
        var parts = source.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let name = parts.removeLast()
        for (images, labels) in [("images-idx3", "labels-idx1"), ("images.idx3", "labels.idx1"), ("images", "labels")] {
            guard let other = name.replacingFirst(images, with: labels) else { continue }
            return (parts + [other]).joined(separator: "/")
        }
        throw DatasetError(
            .invalidSettings, "\(source.path): the name does not tell where the labels are; set 'labelsPath'")
    }

    private func array(_ path: String) throws -> BinaryArray {
        let reader = try DataFile.open(path)
        let start = try reader.readBytes(4, what: "an IDX header")
        guard start[0] == 0, start[1] == 0, let type = Self.elementType(start[2]), (1...8).contains(start[3]) else {
            throw DatasetError(.malformed, "\(path): it is no IDX file (it starts with \(start)); check 'format'")
        }
        var shape: [Int] = []
        for _ in 0..<start[3] {
            let bytes = try reader.readBytes(4, what: "an IDX header")
            shape.append(bytes.reduce(0) { $0 << 8 | Int($1) })
        }
        return try BinaryArray(type: type, shape: shape, reader: reader, limits: limits)
    }

    private static func elementType(_ code: UInt8) -> ElementType? {
        switch code {
        case 0x08: ElementType(kind: .unsigned, size: 1, isBigEndian: true)
        case 0x09: ElementType(kind: .signed, size: 1, isBigEndian: true)
        case 0x0b: ElementType(kind: .signed, size: 2, isBigEndian: true)
        case 0x0c: ElementType(kind: .signed, size: 4, isBigEndian: true)
        case 0x0d: ElementType(kind: .floating, size: 4, isBigEndian: true)
        case 0x0e: ElementType(kind: .floating, size: 8, isBigEndian: true)
        default: nil
        }
    }
}

extension String {
    /// The text with the first occurrence of `word` replaced, or `nil` when there is none.
    fileprivate func replacingFirst(_ word: String, with replacement: String) -> String? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(word) {
                return self[..<start] + replacement + self[index(start, offsetBy: word.count)...]
            }
            start = index(after: start)
        }
        return nil
    }
}
