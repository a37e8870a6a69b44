import Contracts
import Core
import Datasets
import MessageBus

/// `gedge model pull`: a model as a file.
enum ModelCommand {
    static let pull = Command(
        "model", "pull", topic: .resources, summary: "write a model to a file, for PyTorch or NumPy",
        details: """
            The core checks every piece against its SHA-256. A name that ends in .npz gives a NumPy archive, which numpy.load reads; any other
            the safetensors format, which safetensors.numpy.load_file and safetensors.torch.load_file read. Both are dictionaries of
            arrays, such as dense0.weight and dense0.bias.
            """,
        examples: [
            "gedge model pull demo/digits/20 -o digits.safetensors", "gedge model pull demo/digits/20 -o digits.npz",
        ],
        operands: [Operand(.resource(["model"]), placeholder: "GROUP/PROJECT/ROUND")],
        flags: [Flag("output", short: "o", .file, "the file to write")]
    ) { invocation, context in
        guard let file = invocation.text("output") else { throw CommandError.usage("name the file to write: -o FILE") }
        let word = invocation.operands[0]
        let name =
            word.hasPrefix("model/") || word.hasPrefix("models/") ? String(word.drop { $0 != "/" }.dropFirst()) : word
        return try await CoreClient.with(context) { core in
            let list = try await core.call(ResourceContract.get(.model), ResourceQuery(name: name))
            guard let digest = list.items.first?.status["manifest"]?.string.flatMap(Digest.init(hex:)) else {
                throw CommandError("malformed", "the core describes model/\(name) in words this gedge does not know")
            }
            let manifest = try await core.call(DataSyncContract.manifest, ManifestRequest(digest: digest))
            let size = try await write(manifest, of: name, to: file, core)
            try context.console.remark(
                "Written to \(file): \(manifest.tensors.count) tensors, \(NumberText.bytes(size)).")
            return .success
        }
    }

    /// Writes a model to a file that is there whole or not at all.
    /// - Returns: the bytes of all tensors.
    private static func write(
        _ manifest: Manifest, of model: String, to path: String, _ core: CoreClient
    ) async throws -> Int {
        let layout = try SafetensorsLayout(manifest.tensors, metadata: ["model": model])
        if path.lowercased().hasSuffix(".npz") {
            let archive = try NPZWriter(path: path)
            var values: [Float] = []
            try await forEachShard(of: manifest, layout, model, core) { bytes, isLast, tensor in
                values += bytes.bindMemory(to: Float.self)
                guard isLast else { return }
                try archive.add(values, shape: tensor.shape, name: tensor.name)
                values.removeAll(keepingCapacity: true)
            }
            try archive.finish()
        } else {
            let file = try ReplacedFile(path, mode: 0o644)
            try layout.header.withUnsafeBytes { try file.write($0) }
            try await forEachShard(of: manifest, layout, model, core) { bytes, _, _ in try file.write(bytes) }
            try file.finish()
        }
        return layout.byteCount
    }

    /// Fetches one shard after the other, so that no more than one is in memory, and checks that they are all of the model.
    /// - Parameter body: gets each shard's bytes, whether its tensor ends with it, and the tensor.
    private static func forEachShard(
        of manifest: Manifest, _ layout: SafetensorsLayout, _ model: String, _ core: CoreClient,
        _ body: (UnsafeRawBufferPointer, Bool, TensorSpec) throws -> Void
    ) async throws {
        var position = 0
        for shard in manifest.shards {
            let answer = try await core.ask(DataSyncContract.shard, ShardRequest(digest: shard.digest))
            guard manifest.tensors.indices.contains(shard.entry),
                position == layout.offsets[shard.entry] + shard.offset,
                answer.attachments.count == 1, answer.attachments[0].count == shard.size
            else { throw CommandError("malformed", "the manifest of model/\(model) does not fit its shards") }
            position += shard.size
            let end = shard.entry + 1 < layout.offsets.count ? layout.offsets[shard.entry + 1] : layout.byteCount
            try answer.attachments[0].withUnsafeBytes {
                try body($0, position == end, manifest.tensors[shard.entry])
            }
        }
        guard position == layout.byteCount else {
            throw CommandError("malformed", "the manifest of model/\(model) lacks \(layout.byteCount - position) bytes")
        }
    }
}
