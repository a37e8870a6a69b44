/// Files of tensors, as the formats' own libraries write them, and as they do not.
enum ModelFiles {
    /// - Parameter metadata: something that makes the header longer.
    static func safetensors(_ tensors: [(name: String, type: String, bytes: [UInt8])], metadata: String = "") -> [UInt8]
    {
        var offset = 0
        var entries = metadata.isEmpty ? [] : [#""__metadata__":{"note":"\#(metadata)"}"#]
        for tensor in tensors {
            let end = offset + tensor.bytes.count
            entries.append(
                #""\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":[\#(tensor.bytes.count)],"data_offsets":[\#(offset),\#(end)]}"#
            )
            offset = end
        }
        return safetensors(header: "{\(entries.joined(separator: ","))}", data: tensors.flatMap(\.bytes))
    }

    /// With whatever header.
    static func safetensors(header: String, length: UInt64? = nil, data: [UInt8]) -> [UInt8] {
        var text = Array(header.utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        return number(length ?? UInt64(text.count), 8) + text + data
    }

    static func npy(_ type: String, _ data: [UInt8]) -> [UInt8] {
        var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(data.count),), }".utf8)
        while (10 + text.count + 1) % 64 != 0 { text.append(UInt8(ascii: " ")) }
        text.append(UInt8(ascii: "\n"))
        return [0x93] + Array("NUMPY".utf8) + [1, 0] + number(UInt64(text.count), 2) + text + data
    }

    struct Entry {
        var name: String
        var bytes: [UInt8]
        var method: UInt64 = 0
        /// What the directory says in place of the truth.
        var claimedBytes: UInt64?
        var claimedOffset: UInt64?
        /// Whether the directory says it in 64 bits, as NumPy does for large arrays.
        var isLong = false
    }

    static func npz(_ entries: [Entry], directoryBytes: UInt64? = nil, directoryOffset: UInt64? = nil) -> [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = UInt64(out.count)
            let name = Array(entry.name.utf8)
            let size = UInt64(entry.bytes.count)
            let extra = number(1, 2) + number(16, 2) + number(size, 8) + number(size, 8)
            out += number(0x0403_4b50, 4) + number(45, 2) + number(0, 2) + number(entry.method, 2) + number(0, 8)
            out += number(0xffff_ffff, 4) + number(0xffff_ffff, 4) + number(UInt64(name.count), 2)
            out += number(UInt64(extra.count), 2) + name + extra + entry.bytes
            let told = entry.claimedBytes ?? size
            let place = entry.claimedOffset ?? offset
            let long =
                entry.isLong ? number(1, 2) + number(24, 2) + number(told, 8) + number(told, 8) + number(place, 8) : []
            let short: UInt64 = 0xffff_ffff
            directory += number(0x0201_4b50, 4) + number(45, 2) + number(45, 2) + number(0, 2)
            directory += number(entry.method, 2) + number(0, 8)
            directory += number(entry.isLong ? short : told, 4) + number(entry.isLong ? short : told, 4)
            directory += number(UInt64(name.count), 2) + number(UInt64(long.count), 2) + number(0, 2) + number(0, 8)
            directory += number(entry.isLong ? short : place, 4) + name + long
        }
        let start = UInt64(out.count)
        out += directory + number(0x0605_4b50, 4) + number(0, 4) + number(UInt64(entries.count), 2)
        out += number(UInt64(entries.count), 2) + number(directoryBytes ?? UInt64(directory.count), 4)
        return out + number(directoryOffset ?? start, 4) + number(0, 2)
    }

    static func number(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
