import HTTPKit

extension S3ObjectStore {
    /// Keys that one request may name.
    private static let batch = 1000

    public func delete(_ keys: [String]) async throws {
        if keys.count == 1 { return try await delete(keys[0]) }
        var rest = keys[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(batch.count)
            try await deleteTogether(batch)
        }
    }

    private func delete(_ key: String) async throws {
        try await retrying("DELETE \(key)") {
            _ = try await self.send(Request(.delete, key: key), accepting: [200, 204, 404])
        }
    }

    private func deleteTogether(_ keys: [String]) async throws {
        var text = "<Delete><Quiet>true</Quiet>"
        for key in keys { text += "<Object><Key>\(Self.escaped(key))</Key></Object>" }
        text += "</Delete>"
        let body = Array(text.utf8).withUnsafeBytes { ShardBytes(copying: $0) }
        let hash = try await hash(of: body)
        let checksum = body.withUnsafeBytes { MD5.base64(of: $0) }
        let what = "POST ?delete"
        let failed: [XMLElement] = try await retrying(what) {
            let answer = try await self.send(
                Request(
                    .post, query: [("delete", "")],
                    headers: ["Content-MD5": checksum, "Content-Type": "application/xml"], body: body, hash: hash),
                accepting: [200])
            return try await self.document(answer, root: "DeleteResult", what).all("Error")
        }
        // Once more by themselves, which tells why.
        for error in failed where error["Code"]?.text != "NoSuchKey" {
            guard let key = error["Key"]?.text, keys.contains(key) else {
                throw unexpected(what, "an error about a key that was not named")
            }
            try await delete(key)
        }
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case _ where scalar.value < 0x20: out += "&#\(scalar.value);"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
