import Core
import FoundationEssentials
import HTTPKit

extension S3ObjectStore {
    public func list(prefix: String, after: String?) async throws -> ObjectPage {
        try await list(prefix: prefix, after: after, pageSize: nil)
    }

    /// - Parameter pageSize: the most objects of a page; the store's own limit, 1000 as a rule, if `nil`.
    public func list(prefix: String, after: String?, pageSize: Int?) async throws -> ObjectPage {
        var query = [("encoding-type", "url"), ("list-type", "2"), ("prefix", prefix)]
        if let pageSize { query.append(("max-keys", "\(pageSize)")) }
        if let after { query.append(("continuation-token", after)) }
        let what = "GET ?list-type=2"
        return try await retrying(what) { [query] in
            let answer = try await self.send(
                Request(.get, query: query.map { (name: $0.0, value: $0.1) }), accepting: [200])
            let document = try await self.document(answer, root: "ListBucketResult", what)
            let isEncoded = document["EncodingType"]?.text == "url"
            let objects = try document.all("Contents").map { object in
                guard let text = object["Key"]?.text, let key = isEncoded ? S3Address.decoded(text) : text,
                    key.hasPrefix(prefix), let size = object["Size"].flatMap({ Int($0.text) }), size >= 0
                else { throw self.unexpected(what, "with an object that has no key or no size, or was not asked for") }
                return ObjectInfo(key: key, size: size)
            }
            guard document["IsTruncated"]?.text == "true" else { return ObjectPage(objects: objects, next: nil) }
            guard let next = document["NextContinuationToken"]?.text, !next.isEmpty, next != after else {
                throw self.unexpected(what, "cut, without saying how to go on")
            }
            return ObjectPage(objects: objects, next: next)
        }
    }

    public func abortStaleUploads(prefix: String, olderThan age: Duration) async throws -> Int {
        let what = "GET ?uploads"
        let limit = Date().addingTimeInterval(-Double(age.components.seconds))
        var stale: [(key: String, upload: String)] = []
        var marker: (key: String, upload: String)?
        repeat {
            var query = [("encoding-type", "url"), ("prefix", prefix), ("uploads", "")]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.upload)] }
            let document = try await retrying(what) { [query] in
                let answer = try await self.send(
                    Request(.get, query: query.map { (name: $0.0, value: $0.1) }), accepting: [200])
                return try await self.document(answer, root: "ListMultipartUploadsResult", what)
            }
            let isEncoded = document["EncodingType"]?.text == "url"
            for upload in document.all("Upload") {
                guard let text = upload["Key"]?.text, let key = isEncoded ? S3Address.decoded(text) : text,
                    key.hasPrefix(prefix), let id = upload["UploadId"]?.text, !id.isEmpty,
                    let begun = upload["Initiated"].flatMap({ Self.date($0.text) })
                else { throw unexpected(what, "with an upload that has no key, id or date, or was not asked for") }
                if begun <= limit { stale.append((key, id)) }
            }
            let next: (key: String, upload: String)? =
                document["IsTruncated"]?.text == "true"
                ? (
                    document["NextKeyMarker"].flatMap { isEncoded ? S3Address.decoded($0.text) : $0.text } ?? "",
                    document["NextUploadIdMarker"]?.text ?? ""
                ) : nil
            if let next, next.key.isEmpty || marker.map({ $0 == next }) == true {
                throw unexpected(what, "cut, without saying how to go on")
            }
            marker = next
        } while marker != nil
        for (key, upload) in stale {
            try await retrying("DELETE \(key)?uploadId") {
                // Gone already is as good.
                _ = try await self.send(
                    Request(.delete, key: key, query: [("uploadId", upload)]), accepting: [200, 204, 404])
            }
        }
        return stale.count
    }

    /// `2026-01-31T12:00:00.000Z`.
    private static func date(_ text: String) -> Date? {
        // Either form is allowed; what is neither is no date.
        (try? Date(text, strategy: .iso8601))
            ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text))
    }
}
