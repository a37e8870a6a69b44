import Contracts
import Core
import MessageBus

/// `gedge model pull`: a model as a file.
enum ModelCommand {
    static let pull = Command(
        "model", "pull", topic: .resources, summary: "write a model to a file, in the safetensors format",
        details: """
            The core checks every piece against its SHA-256. In Python, safetensors.numpy.load_file reads the file: a dictionary of
            arrays, such as dense0.weight and dense0.bias.
            """,
        examples: ["gedge model pull demo/digits/20 -o digits.safetensors"],
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

    /// Writes one shard after the other, so that no more than one is in memory.
    /// - Returns: the bytes of all tensors.
    private static func write(
        _ manifest: Manifest, of model: String, to path: String, _ core: CoreClient
    ) async throws -> Int {
        let layout = try SafetensorsLayout(manifest.tensors, metadata: ["model": model])
        let file = try ReplacedFile(path, mode: 0o644)
        try layout.header.withUnsafeBytes { try file.write($0) }
        var position = 0
        for shard in manifest.shards {
            let answer = try await core.ask(DataSyncContract.shard, ShardRequest(digest: shard.digest))
            guard manifest.tensors.indices.contains(shard.entry),
                position == layout.offsets[shard.entry] + shard.offset,
                answer.attachments.count == 1, answer.attachments[0].count == shard.size
            else { throw CommandError("malformed", "the manifest of model/\(model) does not fit its shards") }
            try answer.attachments[0].withUnsafeBytes { try file.write($0) }
            position += shard.size
        }
        guard position == layout.byteCount else {
            throw CommandError("malformed", "the manifest of model/\(model) lacks \(layout.byteCount - position) bytes")
        }
        try file.finish()
        return position
    }
}
