/// Writes arrays, one after the other, into a NumPy archive that is not compressed; it appears when it is finished.
public final class NPZWriter {
    private let path: String
    private let file: OutputFile
    private var directory: [UInt8] = []
    private var offset = 0
    private var count = 0

    /// - Throws: `DatasetError.Kind.unwritable`.
    public init(path: String) throws(DatasetError) {
        self.path = path
        file = try OutputFile(path: path)
    }

    /// Adds an array of float32 values in row-major order, which `numpy.load` gives under `name`.
    /// - Precondition: the shape holds as many values as are given.
    /// - Throws: `DatasetError.Kind.tooLarge` when the archive would reach 4 GiB; `DatasetError.Kind.unwritable`.
    public func add(_ values: [Float], shape: [Int], name: String) throws(DatasetError) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values have no shape \(shape)")
        try add(NPYArray(descriptor: "<f4", shape: shape, contents: .floats(values)), name: name)
    }

    func add(_ array: NPYArray, name: String) throws(DatasetError) {
        let name = Array("\(name).npy".utf8)
        let size = array.header.count + array.byteCount
        guard offset + size < Int(UInt32.max) - (1 << 16), name.count <= 1 << 12, count < Int(UInt16.max) else {
            throw DatasetError(.tooLarge, "\(path): the archive would reach 4 GiB; write single files instead")
        }
        var checksum = Checksum()
        array.header.withUnsafeBytes { checksum.add($0) }
        array.withBytes { checksum.add($0) }
        var common: [UInt8] = []
        common.append(littleEndian: UInt16(20))  // version needed: 2.0
        common.append(littleEndian: UInt16(0x0800))  // the name is UTF-8
        common.append(littleEndian: UInt16(0))  // stored
        common.append(littleEndian: UInt16(0))  // 00:00
        common.append(littleEndian: UInt16(0x21))  // 1980-01-01, so that the same data gives the same file
        common.append(littleEndian: checksum.value)
        common.append(littleEndian: UInt32(size))
        common.append(littleEndian: UInt32(size))
        common.append(littleEndian: UInt16(name.count))
        common.append(littleEndian: UInt16(0))  // no extra field
        var local: [UInt8] = []
        local.append(littleEndian: UInt32(0x0403_4b50))
        local += common + name
        try file.write(local)
        try file.write(array.header)
        try array.write(to: file)
        directory.append(littleEndian: UInt32(0x0201_4b50))
        directory.append(littleEndian: UInt16(20))
        directory += common
        for _ in 0..<3 { directory.append(littleEndian: UInt16(0)) }  // comment, disk, internal attributes
        directory.append(littleEndian: UInt32(0))
        directory.append(littleEndian: UInt32(offset))
        directory += name
        offset += local.count + size
        count += 1
    }

    /// Makes the file durable and gives it its name.
    /// - Throws: `DatasetError.Kind.unwritable`.
    public func finish() throws(DatasetError) {
        try file.write(directory)
        var end: [UInt8] = []
        end.append(littleEndian: UInt32(0x0605_4b50))
        end.append(littleEndian: UInt32(0))
        end.append(littleEndian: UInt16(count))
        end.append(littleEndian: UInt16(count))
        end.append(littleEndian: UInt32(directory.count))
        end.append(littleEndian: UInt32(offset))
        end.append(littleEndian: UInt16(0))
        try file.write(end)
        try file.finish()
    }
}
