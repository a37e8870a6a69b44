import Datasets
import FoundationEssentials
import Glibc
import Tensor

/// Named tensors as files that PyTorch, JAX and most others read and write.
public enum Safetensors {
    /// Writes float32 tensors, in their order; the file appears under its name when it is complete.
    /// - Throws: `NetworkError.Kind.unwritableFile`, with the reason as its cause.
    public static func write(_ tensors: [NamedTensor], to path: String) throws(NetworkError) {
        do {
            var items: [String] = ["\"__metadata__\":{\"format\":\"pt\"}"]
            var names: Set<String> = []
            var offset = 0
            for item in tensors {
                guard item.name != "__metadata__", names.insert(item.name).inserted else {
                    throw NetworkError(.unwritableFile, "\(path): the name '\(item.name)' is taken")
                }
                let size = item.tensor.count * MemoryLayout<Float>.stride
                let name = String(decoding: try JSONEncoder().encode(item.name), as: UTF8.self)
                items.append(
                    "\(name):{\"dtype\":\"F32\",\"shape\":\(item.tensor.shape),\"data_offsets\":[\(offset),\(offset + size)]}"
                )
                offset += size
            }
            var header = Array("{\(items.joined(separator: ","))}".utf8)
            // Tensors begin at a multiple of 8 bytes.
            header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
            let file = try OutputFile(path: path)
            try file.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
            try file.write(header)
            for item in tensors { try file.write(item.tensor.storage.bytes) }
            try file.finish()
        } catch let error as NetworkError {
            throw error
        } catch {
            throw NetworkError(.unwritableFile, "\(path) could not be written", cause: error)
        }
    }

    /// Reads all tensors, as float32; F16, BF16 and F64 are converted, and PyTorch's counts of batches are passed over.
    ///
    /// The file may come from anywhere: lengths, types, shapes and places are checked against its size before memory is taken.
    /// - Returns: the tensors in the order of their bytes.
    /// - Throws: `NetworkError.Kind.unreadableFile`, `NetworkError.Kind.malformedFile`.
    public static func read(_ path: String) throws(NetworkError) -> [NamedTensor] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw unreadable(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw NetworkError(.unreadableFile, "\(path) is not a file; name a file that was saved as safetensors")
        }
        let size = Int(status.st_size)
        let start = try bytes(8, at: 0, of: file, size: size, path)
        let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= SafetensorsHeader.limit, Int(length) <= size - 8 else {
            throw NetworkError(
                .malformedFile,
                "\(path) is not a sound safetensors file: its header has \(length) bytes, but the file has \(size) and the most "
                    + "that is read is \(SafetensorsHeader.limit)")
        }
        let base = 8 + Int(length)
        let header = try SafetensorsHeader(
            try bytes(Int(length), at: 8, of: file, size: size, path), available: size - base, path: path)
        var tensors: [NamedTensor] = []
        for entry in header.entries {
            if entry.type == .i64 {
                guard entry.name.hasSuffix("num_batches_tracked") else {
                    throw NetworkError(
                        .malformedFile, "\(path): tensor '\(entry.name)' holds whole numbers; a network takes floats")
                }
                continue
            }
            let raw = try bytes(entry.bytes.count, at: base + entry.bytes.lowerBound, of: file, size: size, path)
            do {
                let tensor =
                    try entry.type == .f32
                    ? raw.withUnsafeBytes { try Tensor(littleEndian: $0, shape: entry.shape) }
                    : Tensor(floats(raw, entry.type), shape: entry.shape)
                tensors.append(NamedTensor(name: entry.name, tensor: tensor))
            } catch {
                throw NetworkError(.malformedFile, "\(path): tensor '\(entry.name)' is unsound", cause: error)
            }
        }
        return tensors
    }

    private static func floats(_ raw: [UInt8], _ type: SafetensorsHeader.ElementType) -> [Float] {
        raw.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: type.width).map { place in
                switch type {
                case .bf16:
                    Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: place, as: UInt16.self)) << 16)
                case .f16: half(raw.loadUnaligned(fromByteOffset: place, as: UInt16.self))
                case .f64: Float(raw.loadUnaligned(fromByteOffset: place, as: Double.self))
                case .f32: raw.loadUnaligned(fromByteOffset: place, as: Float.self)
                case .i64: Float(raw.loadUnaligned(fromByteOffset: place, as: Int64.self))
                }
            }
        }
    }

    /// A number of IEEE 754's 16 bits; Swift has no such type on every architecture.
    private static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits >> 15 == 0 ? 1 : -1
        let (exponent, fraction) = (Int(bits >> 10 & 0x1f), Float(bits & 0x3ff))
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 0x1f: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * scalbn(1 + fraction / 1024, exponent - 15)
        }
    }

    private static func bytes(
        _ count: Int, at offset: Int, of file: Int32, size: Int, _ path: String
    ) throws(NetworkError) -> [UInt8] {
        var read = 0
        var failed = offset + count > size
        let result = [UInt8](unsafeUninitializedCapacity: failed ? 0 : count) { buffer, initialized in
            while read < count, !failed {
                let got = pread(file, buffer.baseAddress?.advanced(by: read), count - read, offset + read)
                if got < 0 && errno == EINTR { continue }
                failed = got <= 0
                read += max(0, got)
            }
            initialized = read
        }
        guard !failed else {
            throw NetworkError(.malformedFile, "\(path) ends before byte \(offset + count); it was cut off")
        }
        return result
    }

    private static func unreadable(_ path: String) -> NetworkError {
        NetworkError(
            .unreadableFile, "\(path) cannot be read (\(String(cString: strerror(errno)))); check its name and rights")
    }
}

extension NamedTensor {
    /// Writes tensors as a NumPy archive, which `numpy.load` gives under their names.
    /// - Throws: `NetworkError.Kind.unwritableFile`, with the reason as its cause.
    public static func writeNPZ(_ tensors: [NamedTensor], to path: String) throws(NetworkError) {
        do {
            let archive = try NPZWriter(path: path)
            for item in tensors { try archive.add(item.tensor.values, shape: item.tensor.shape, name: item.name) }
            try archive.finish()
        } catch {
            throw NetworkError(.unwritableFile, "\(path) could not be written", cause: error)
        }
    }
}
