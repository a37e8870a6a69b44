import Core
import HTTPKit

extension S3ObjectStore {
    public func put(
        _ key: String, parts: Int, condition: PutCondition,
        part: @escaping @Sendable (Int) async throws -> ShardBytes
    ) async throws -> PutOutcome {
        guard (1...10_000).contains(parts) else {
            throw DataSyncError(.invalidRequest, "\(key): an upload has 1 to 10,000 parts, not \(parts)")
        }
        var generator = SystemRandomNumberGenerator()
        var attempt = 0
        while true {
            do { return try await upload(key, parts: parts, condition: condition, part: part) } catch let error
                as LostUpload
            {
                // The store forgot the upload, perhaps because it was restarted: begin again.
                guard let delay = configuration.retry.delay(beforeRetry: attempt, using: &generator) else {
                    throw error.cause
                }
                try await clock.sleep(for: delay)
                attempt += 1
            }
        }
    }

    private struct LostUpload: Error {
        let cause: DataSyncError
    }

    private func upload(
        _ key: String, parts: Int, condition: PutCondition,
        part: @escaping @Sendable (Int) async throws -> ShardBytes
    ) async throws -> PutOutcome {
        let upload = try await begin(key)
        do {
            var tags = [String](repeating: "", count: parts)
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                var next = 0
                while next < min(parts, max(1, configuration.parallelParts)) {
                    group.addTask { [next] in (next, try await self.send(part(next), next, of: upload, to: key)) }
                    next += 1
                }
                while let (index, tag) = try await group.next() {
                    tags[index] = tag
                    guard next < parts else { continue }
                    group.addTask { [next] in (next, try await self.send(part(next), next, of: upload, to: key)) }
                    next += 1
                }
            }
            let outcome = try await complete(key, upload, tags: tags, condition: condition)
            if outcome == .exists { abandon(key, upload) }
            return outcome
        } catch {
            abandon(key, upload)
            throw error
        }
    }

    private func begin(_ key: String) async throws -> String {
        let what = "POST \(key)?uploads"
        return try await retrying(what) {
            let answer = try await self.send(
                Request(
                    .post, key: key, query: [("uploads", "")], headers: ["Content-Type": "application/octet-stream"]),
                accepting: [200])
            let document = try await self.document(answer, root: "InitiateMultipartUploadResult", what)
            guard let upload = document["UploadId"]?.text, !upload.isEmpty, upload.utf8.count <= 1024 else {
                throw self.unexpected(what, "without an upload's id")
            }
            return upload
        }
    }

    /// - Returns: the part's tag.
    private func send(_ bytes: ShardBytes, _ index: Int, of upload: String, to key: String) async throws -> String {
        let hash = try await hash(of: bytes)
        let what = "PUT part \(index + 1) of \(key)"
        do {
            return try await retrying(what) {
                let answer = try await self.send(
                    Request(
                        .put, key: key, query: [("partNumber", "\(index + 1)"), ("uploadId", upload)], body: bytes,
                        hash: hash),
                    accepting: [200])
                guard let tag = answer.headers["ETag"],
                    tag.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x26 })
                else { throw self.unexpected(what, "without a tag") }
                return tag
            }
        } catch let error as DataSyncError where error.is(.missing) { throw LostUpload(cause: error) }
    }

    private func complete(
        _ key: String, _ upload: String, tags: [String], condition: PutCondition
    ) async throws -> PutOutcome {
        var text = "<CompleteMultipartUpload>"
        for (index, tag) in tags.enumerated() {
            text += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(tag)</ETag></Part>"
        }
        text += "</CompleteMultipartUpload>"
        let body = Array(text.utf8).withUnsafeBytes { ShardBytes(copying: $0) }
        let hash = try await hash(of: body)
        let what = "POST \(key)?uploadId"
        var headers: HTTPHeaders = ["Content-Type": "application/xml"]
        if condition == .ifAbsent { headers["If-None-Match"] = "*" }
        do {
            return try await retrying(what) { [headers] in
                let answer = try await self.send(
                    Request(
                        .post, key: key, query: [("uploadId", upload)], headers: headers, body: body, hash: hash),
                    accepting: [200, 412])
                guard answer.status == 200 else { return .exists }
                _ = try await self.document(answer, root: "CompleteMultipartUploadResult", what)
                return .stored
            }
        } catch let error as DataSyncError where error.is(.missing) {
            // An answer that was lost on the way: the upload is gone because it was completed, if the object is there.
            guard condition == .always, try await info(key) != nil else { throw LostUpload(cause: error) }
            return .stored
        }
    }

    /// Gives an upload up without waiting; what does not reach the store is found by `abortStaleUploads`.
    private func abandon(_ key: String, _ upload: String) {
        // The failure that led here is what the caller is told.
        try? dispatch(Request(.delete, key: key, query: [("uploadId", upload)]))
    }
}
