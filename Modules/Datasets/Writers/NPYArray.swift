/// An array as it is written in NumPy's format, version 1.
struct NPYArray {
    enum Contents {
        case floats([Float])
        case integers([Int32])
    }

    let header: [UInt8]
    let contents: Contents

    init(descriptor: String, shape: [Int], contents: Contents) {
        let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = Array("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
        // Values start at a multiple of 64 bytes; the header ends with a newline.
        let padding = 63 - (10 + text.count) % 64
        text += [UInt8](repeating: 0x20, count: padding) + [0x0a]
        var header: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        header.append(littleEndian: UInt16(text.count))
        self.header = header + text
        self.contents = contents
    }

    var byteCount: Int {
        switch contents {
        case .floats(let values): values.count * 4
        case .integers(let values): values.count * 4
        }
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch contents {
        case .floats(let values): values.withUnsafeBytes(body)
        case .integers(let values): values.withUnsafeBytes(body)
        }
    }

    func write(to file: OutputFile) throws(DatasetError) {
        let result: Result<Void, DatasetError> = withBytes { bytes in
            do throws(DatasetError) {
                return .success(try file.write(bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
