import Contracts
import Core
import Glibc
import MessageBus

extension DataCommand {
    static let get = Command(
        "data", "get", topic: .data, summary: "write a version of a data set to a file or a directory",
        details: """
            A version of one file is written to the file PATH, one of several to the directory PATH, tensors to a safetensors file. It
            appears whole or not at all, with the files' modes and times. With --from the core first fetches the version from an edge, if
            the rules of both let it: 'gedge sync audit' has what they refused.
            """,
        examples: ["gedge data get demo/digits/train@2 -o train", "gedge data get demo/line/one --from edge-1 -o one"],
        operands: [Operand(.text(placeholder: "GROUP/PROJECT/NAME[@N]"))],
        flags: [
            Flag("output", short: "o", .file, "the file or directory to write"),
            Flag("from", .edge, "fetch it from this edge (default: what the core has)"),
        ]
    ) { invocation, context in
        guard let path = invocation.text("output") else { throw CommandError.usage("name what to write: -o PATH") }
        let reference = try invocation.dataset(0)
        let edge = try invocation.name("from")
        return try await CoreClient.with(context) { core in
            let digest = try await digest(of: reference, from: edge, core, context)
            let manifest = try await core.call(DataSyncContract.manifest, ManifestRequest(digest: digest))
            let target = try Target(manifest, digest, reference, path: path)
            let total = manifest.rawBytes
            var display = ProgressDisplay(reference.description, console: context.console)
            var position = 0
            for try await item in try await core.stream(DataSyncContract.read, ReadRequest(manifest: digest)) {
                guard item.body.offset == position, item.attachments.count == 1 else {
                    throw CommandError("malformed", "the core sent the bytes of \(reference) out of order")
                }
                try item.attachments[0].withUnsafeBytes { try target.write($0) }
                position += item.attachments[0].count
                try display.show(done: position, total: total, isLast: position == total)
            }
            guard position == total else {
                throw CommandError(
                    "interrupted", "\(NumberText.bytes(total - position)) of \(reference) did not come; get it again")
            }
            try target.finish()
            try context.console.remark("Written to \(path): \(target.summary), \(NumberText.bytes(total)).")
            return .success
        }
    }

    /// The manifest of a version, present at the core.
    private static func digest(
        of reference: DatasetReference, from edge: Name?, _ core: CoreClient, _ context: Context
    ) async throws -> Digest {
        if let edge {
            let request = ObtainRequest(reference: reference, from: edge)
            let reply = try await core.ask(
                SyncPolicyContract.obtain, request, timeout: context.timeout ?? .seconds(86_400)
            ).body
            try context.console.remark(
                "Fetched from \(edge): \(NumberText.bytes(reply.movedBytes)) moved of \(NumberText.bytes(reply.rawBytes))."
            )
            return reply.manifest
        }
        let versions = try await core.call(
            DataSyncContract.versions, VersionsQuery(dataset: reference.dataset)
        ).versions
        let found =
            reference.version == nil ? versions.last : versions.first { $0.reference.version == reference.version }
        guard let found else {
            throw CommandError.notFound("there is no \(reference); 'gedge data ls' has what there is")
        }
        guard found.isComplete else {
            throw CommandError.failed(
                "\(found.reference) is not whole here; put it, or get it --from an edge that has it")
        }
        return found.manifest
    }

    /// Where the bytes go.
    private enum Target {
        case file(ReplacedFile, String)
        case directory(NewDirectory, String)

        init(_ manifest: Manifest, _ digest: Digest, _ reference: DatasetReference, path: String) throws {
            if !manifest.tensors.isEmpty {
                let layout = try SafetensorsLayout(
                    manifest.tensors, metadata: ["dataset": reference.description, "manifest": digest.hex])
                let file = try ReplacedFile(path, mode: 0o644)
                try layout.header.withUnsafeBytes { try file.write($0) }
                self = .file(file, "\(manifest.tensors.count) tensors")
            } else if manifest.files.count == 1, !manifest.files[0].path.contains("/") {
                self = .file(try ReplacedFile(path, mode: mode_t(manifest.files[0].mode & 0o777)), "one file")
            } else {
                self = .directory(
                    try NewDirectory(path, files: manifest.files), "\(NumberText.grouped(manifest.files.count)) files")
            }
        }

        var summary: String {
            switch self {
            case .file(_, let summary), .directory(_, let summary): summary
            }
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws {
            switch self {
            case .file(let file, _): try file.write(bytes)
            case .directory(let directory, _): try directory.write(bytes)
            }
        }

        func finish() throws {
            switch self {
            case .file(let file, _): try file.finish()
            case .directory(let directory, _): try directory.finish()
            }
        }
    }
}
