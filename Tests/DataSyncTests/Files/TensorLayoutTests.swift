import TestKit
import Testing

@testable import DataSync

/// Where a file is cut, whatever its header says.
@Suite struct TensorLayoutTests {
    private static func layout(_ bytes: [UInt8], _ path: String) throws -> TensorLayout? {
        let source = ByteSource(size: bytes.count) { offset, count in
            Array(bytes[offset..<min(bytes.count, offset + count)])
        }
        return try TensorLayout.read(source, path: path)
    }

    @Test func tensorsAreFoundWhereTheyLie() throws {
        let (a, b, c) = (Bytes.noise(4000, seed: 1), Bytes.noise(64, seed: 2), Bytes.noise(200_000, seed: 3))
        let file = ModelFiles.safetensors([("a", "F32", a), ("none", "F32", []), ("b", "U8", b), ("c", "BF16", c)])
        let start = file.count - a.count - b.count - c.count
        let spans = try #require(try Self.layout(file, "x/Model.SafeTensors")).spans
        #expect(spans.map(\.start) == [start, start + 4000, start + 4064])
        #expect(spans.map(\.end) == [start + 4000, start + 4064, file.count])
        #expect(spans.map(\.elementBytes) == [4, 1, 4])
        #expect(try Self.layout(file, "model.bin") == nil)

        let arrays = [ModelFiles.npy("<f4", a), ModelFiles.npy("|u1", b), ModelFiles.npy("<f8", c)]
        for isLong in [false, true] {
            let names = ["a.npy", "b.npy", "c.npy"]
            var entries = zip(names, arrays).map { ModelFiles.Entry(name: $0, bytes: $1, isLong: isLong) }
            entries.append(ModelFiles.Entry(name: "packed.npy", bytes: b, method: 8))
            entries.append(ModelFiles.Entry(name: "readme.txt", bytes: Array("no array".utf8)))
            let zip = ModelFiles.npz(entries)
            let found = try #require(try Self.layout(zip, "x.npz")).spans
            #expect(found.map(\.elementBytes) == [4, 1, 4])
            #expect(found.map { Array(zip[$0.start..<$0.end]) } == [a, b, c])
        }
        let one = try #require(try Self.layout(arrays[0], "a.npy")).spans
        #expect(one.map { Array(arrays[0][$0.start..<$0.end]) } == [a])
    }

    /// A header that claims what cannot be is none; nothing is read outside the file, and little of it.
    @Test func headersThatLieAreCutByContent() throws {
        func tensor(_ start: Int, _ end: Int) -> String {
            #"{"dtype":"F32","shape":[1],"data_offsets":[\#(start),\#(end)]}"#
        }
        let data = Bytes.noise(1000, seed: 4)
        let headers = [
            "{}", "", "null", "[1,2]", #"{"a":1}"#, #"{"a":{"dtype":"F32"}}"#, "{\"a\":\(tensor(0, 1001))}",
            "{\"a\":\(tensor(-4, 8))}", "{\"a\":\(tensor(8, 4))}", "{\"a\":\(tensor(0, 8)),\"b\":\(tensor(4, 12))}",
            "{\"a\":\(tensor(0, .max))}", #"{"a":{"dtype":"F32","data_offsets":[0,18446744073709551616]}}"#,
            #"{"a":{"dtype":"F32","data_offsets":[0]}}"#, #"{"a":{"dtype":"F32","data_offsets":[0.5,8]}}"#,
            String(repeating: "[", count: 100_000), "{\"a\":\(tensor(5, 5))}",
            "{" + (0..<70_000).map { "\"\($0)\":\(tensor(0, 0))" }.joined(separator: ",")
                + ",\"z\":\(tensor(0, 4)),\"y\":\(tensor(2, 6))}",
        ]
        for header in headers {
            #expect(
                try Self.layout(ModelFiles.safetensors(header: header, data: data), "x.safetensors") == nil,
                "\(header.prefix(60))")
        }
        let good = "{\"a\":\(tensor(0, 8))}"
        for length: UInt64 in [0, 1, 1 << 30, 1 << 63, .max, 5000] {
            let file = ModelFiles.safetensors(header: good, length: length, data: data)
            #expect(try Self.layout(file, "x.safetensors") == nil, "\(length)")
        }
        for count in 0..<12 { #expect(try Self.layout(Array(repeating: 0, count: count), "x.safetensors") == nil) }

        let array = ModelFiles.npy("<f4", data)
        func entry(_ change: (inout ModelFiles.Entry) -> Void) -> ModelFiles.Entry {
            var entry = ModelFiles.Entry(name: "a.npy", bytes: array)
            change(&entry)
            return entry
        }
        let zips = [
            ModelFiles.npz([entry { $0.claimedBytes = 1 << 31 }]),
            ModelFiles.npz([entry { $0.claimedOffset = 1 << 31 }]),
            ModelFiles.npz([entry { $0.claimedOffset = 7 }]),
            ModelFiles.npz([entry { ($0.isLong, $0.claimedBytes) = (true, 1 << 62) }]),
            ModelFiles.npz([entry { ($0.isLong, $0.claimedOffset) = (true, .max) }]),
            // Two entries that are the same bytes.
            ModelFiles.npz([entry { _ in }, entry { $0.claimedOffset = 0 }]),
            ModelFiles.npz([entry { _ in }], directoryBytes: 0xffff_fff0),
            ModelFiles.npz([entry { _ in }], directoryOffset: 1 << 31),
            ModelFiles.npz([entry { _ in }], directoryBytes: 0xffff_ffff), ModelFiles.npz([]),
            ModelFiles.npz([entry { $0.method = 8 }]),
            Array("PK".utf8), [],
        ]
        for (number, zip) in zips.enumerated() { #expect(try Self.layout(zip, "x.npz") == nil, "zip \(number)") }
    }

    /// Any file, mutated anyhow and read in any pieces, is cut into leaves that are all of it.
    @Test func leavesAreAllOfAnyFile() throws {
        var random = SeededGenerator(seed: 21)
        var cutAtTensors = 0
        for trial in 0..<300 {
            let tensors = (0..<Int.random(in: 1...6, using: &random)).map { index in
                ("t\(index)", "F32", Bytes.noise(Int.random(in: 0...150_000, using: &random), seed: random.next()))
            }
            var file: [UInt8]
            let path: String
            if Bool.random(using: &random) {
                (file, path) = (
                    ModelFiles.safetensors(tensors.map { (name: $0.0, type: $0.1, bytes: $0.2) }), "x.safetensors"
                )
            } else {
                let entries = tensors.map {
                    ModelFiles.Entry(
                        name: $0.0, bytes: ModelFiles.npy("<f4", $0.2), isLong: Bool.random(using: &random))
                }
                (file, path) = (ModelFiles.npz(entries), "x.npz")
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                // Headers lie at the beginning or at the end.
                let near = min(file.count, 400)
                let place = Int.random(in: 0..<near, using: &random)
                file[Bool.random(using: &random) ? place : file.count - 1 - place] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if Int.random(in: 0...9, using: &random) == 0 {
                file.removeLast(Int.random(in: 0...file.count, using: &random))
            }
            let layout = try Self.layout(file, path)
            if let layout {
                cutAtTensors += 1
                var end = 0
                for span in layout.spans {
                    #expect(span.start >= end && span.end > span.start)
                    end = span.end
                }
                #expect(end <= file.count)
            }
            var cutter = LeafCutter(layout)
            var ends: [Int] = []
            func add(_ cut: LeafCutter.Cut) {
                #expect((1...Leaf.maximumBytes).contains(cut.size), "trial \(trial)")
                ends.append((ends.last ?? 0) + cut.size)
            }
            // The file may end before or behind what its layout says.
            let count = max(0, file.count + (trial % 3 == 0 ? Int.random(in: -70_000...70_000, using: &random) : 0))
            let bytes =
                count <= file.count ? Array(file.prefix(count)) : file + Bytes.noise(count - file.count, seed: 9)
            var position = 0
            while position < bytes.count {
                let next = min(bytes.count, position + Int.random(in: 1...100_000, using: &random))
                bytes[position..<next].withUnsafeBytes { for cut in cutter.feed($0) { add(cut) } }
                position = next
            }
            if let cut = cutter.finish() { add(cut) }
            #expect(ends.last ?? 0 == bytes.count, "trial \(trial)")
            for span in layout?.spans ?? [] where span.end <= bytes.count {
                let expected = stride(from: span.start, to: span.end, by: 65_536).dropFirst() + [span.end]
                #expect(Set(expected).isSubset(of: ends), "trial \(trial)")
                #expect(span.start == 0 || ends.contains(span.start))
            }
        }
        #expect(cutAtTensors > 100)
    }
}
