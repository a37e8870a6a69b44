/// Opens data files, unpacking those that end in `.gz`.
enum DataFile {
    static func open(_ path: String) throws -> any ByteReader {
        let file = try FileReader(path: path)
        guard path.hasSuffix(".gz") else { return file }
        return try InflatingReader(file, wrapping: .gzip)
    }
}
