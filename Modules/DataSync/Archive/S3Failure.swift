import Core

/// A status that is not success, and what the store's answer says about it.
struct S3Failure: ModuleError {
    let status: Int
    /// Amazon's word, such as `NoSuchKey`; empty for an answer without one, as to HEAD.
    let word: String
    let message: String
    let cause: (any Error)? = nil
    let isRetriable: Bool
    private let kind: DataSyncError.Kind

    var code: String { kind.rawValue }

    /// - Parameters:
    ///   - body: the answer's body, XML if anything.
    ///   - what: the request, for people.
    ///   - region: where the store says that the bucket is.
    init(status: Int, body: [UInt8], what: String, configuration: S3Configuration, region: String?) {
        // A body that is no XML has nothing to say; proxies answer in HTML.
        let answer = body.withUnsafeBytes { try? XMLReader.read($0) }
        let word = answer?.name == "Error" ? answer?["Code"]?.text ?? "" : ""
        self.status = status
        self.word = String(word.prefix(80))
        var said = word.isEmpty ? "status \(status)" : "\(self.word), status \(status)"
        if let text = answer?["Message"]?.text, !text.isEmpty { said += ": \(Self.printable(text))" }
        let remedy: String
        switch (status, word) {
        case (_, "NoSuchBucket"):
            kind = .invalidRequest
            remedy = "create the bucket '\(configuration.bucket)', or correct its name or the endpoint"
        case (_, "InvalidAccessKeyId"), (_, "SignatureDoesNotMatch"), (_, "InvalidToken"), (_, "ExpiredToken"):
            kind = .accessDenied
            remedy = "put valid keys into the credentials file"
        case (_, "RequestTimeTooSkewed"):
            kind = .accessDenied
            remedy = "set this machine's clock"
        case (_, "AuthorizationHeaderMalformed"), (301, _), (_, "PermanentRedirect"):
            kind = .invalidRequest
            let right = region ?? answer?["Region"]?.text
            remedy =
                "set the region" + (right.map { " to '\(Self.printable($0))'" } ?? "")
                + " or the endpoint that the bucket has"
        case (401, _), (403, _):
            kind = .accessDenied
            remedy = "allow these keys to read, write, list and delete in the bucket '\(configuration.bucket)'"
        case (404, _):
            kind = .missing
            remedy = "nothing has this key"
        case (501, _):
            kind = .objectStore
            remedy = "the store does not know this request; use one that knows conditional writes (If-None-Match)"
        default:
            kind = .objectStore
            remedy = status >= 500 || status == 429 ? "try again later" : "see the store's own log"
        }
        isRetriable =
            status >= 500 && status != 501 || [408, 429].contains(status)
            || ["RequestTimeout", "SlowDown", "OperationAborted", "ConditionalRequestConflict"].contains(word)
        self.message = "\(what): the object store refuses (\(said)); \(remedy)"
    }

    /// What a server wrote, fit for a log.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(300).map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }, as: UTF8.self)
    }
}
