import CCurl
import Glibc
import Telemetry

/// libcurl's side of one transfer. Used on the client's thread alone.
final class EasyHandle {
    let transfer: Transfer
    let easy: UnsafeMutableRawPointer
    private let curl: Curl
    private var fields: UnsafeMutablePointer<curl_slist>?
    private let message: UnsafeMutablePointer<CChar>
    private var parser: HeadParser
    /// What a callback found wrong; it says more than libcurl's code for a callback that failed.
    private var failure: HTTPError?
    private var sent = 0
    private var isReceivingPaused = false
    private var isSendingPaused = false

    /// - Throws: `HTTPError` `invalid-request` or `libcurl-unavailable`.
    init(_ transfer: Transfer, curl: Curl) throws(HTTPError) {
        guard let easy = curl.library.easy_init() else {
            throw HTTPError(.libraryMissing, "libcurl has no memory left", isRetriable: true)
        }
        self.transfer = transfer
        self.curl = curl
        self.easy = easy
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        parser = HeadParser(maximumBytes: transfer.configuration.maximumHeaderBytes)
        try configure()
    }

    deinit {
        curl.library.easy_cleanup(easy)
        curl.library.slist_free_all(fields)
        message.deallocate()
    }

    // MARK: Options

    private func configure() throws(HTTPError) {
        let configuration = transfer.configuration
        let request = transfer.request
        try set(CURLOPT_ERRORBUFFER, pointer: message)
        try set(CURLOPT_PRIVATE, pointer: Unmanaged.passUnretained(self).toOpaque())
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_URL, transfer.target.url)
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP | CURLPROTO_HTTPS))
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: configuration.connectTimeout.wholeMilliseconds))
        if let limit = transfer.limit { try set(CURLOPT_TIMEOUT_MS, Int(clamping: limit.wholeMilliseconds)) }
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        try set(CURLOPT_BUFFERSIZE, 256 << 10)
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        if let file = configuration.authorityFile {
            try set(CURLOPT_CAINFO, file)
        }
        // An empty proxy is none: libcurl then does not look at the environment.
        try set(CURLOPT_PROXY, configuration.proxy?.url ?? "")
        try set(CURLOPT_NOPROXY, configuration.proxy?.exceptions ?? "")
        if let proxy = configuration.proxy, let user = proxy.user {
            try set(CURLOPT_PROXYUSERNAME, user)
            try set(CURLOPT_PROXYPASSWORD, proxy.password?.reveal() ?? "")
        }
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        if case .follow(let maximum) = request.redirects {
            try set(CURLOPT_FOLLOWLOCATION, 1)
            try set(CURLOPT_MAXREDIRS, maximum)
            try set(
                CURLOPT_REDIR_PROTOCOLS,
                Int(transfer.target.isSecure ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS))
        }
        if let signature = request.signature { try sign(signature) }
        try configureBody(request)
        try configureCallbacks()
        for field in request.headers.fields {
            // A value that is empty is written with a semicolon; with a colon the field would be left out.
            try add(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // No waiting for `100 Continue`; but libcurl 7.88 would sign the field that is left out.
        if request.signature == nil { try add("Expect:") }
        try set(CURLOPT_HTTPHEADER, pointer: fields)
    }

    private func sign(_ signature: AWSSignature) throws(HTTPError) {
        guard curl.version >= Curl.firstSigningVersion else {
            throw HTTPError(
                .libraryMissing, "this libcurl is too old to sign requests for an object store; 7.88 or newer is needed"
            )
        }
        try set(CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
        try set(CURLOPT_USERNAME, signature.accessKey)
        try set(CURLOPT_PASSWORD, signature.secretKey.reveal())
    }

    private func configureBody(_ request: HTTPRequest) throws(HTTPError) {
        var length: Int? = 0
        switch request.body {
        case .none: break
        case .bytes(let bytes): length = bytes.count
        case .stream(let count, _): length = count
        }
        switch request.method {
        case .get: try set(CURLOPT_HTTPGET, 1)
        case .head: try set(CURLOPT_NOBODY, 1)
        case .delete: try set(CURLOPT_CUSTOMREQUEST, "DELETE")
        case .put, .post:
            try set(CURLOPT_UPLOAD, 1)
            if request.method == .post {
                try set(CURLOPT_CUSTOMREQUEST, "POST")
                // On a connection that was kept open and ends without an answer libcurl would send the request twice.
                try set(CURLOPT_FRESH_CONNECT, 1)
            }
            try check(
                withUnsafePointer(to: curl.library) {
                    gedge_curl_set_size($0, easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(length ?? -1))
                })
        }
    }

    private func configureCallbacks() throws(HTTPError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try set(CURLOPT_WRITEDATA, pointer: context)
        try set(CURLOPT_HEADERDATA, pointer: context)
        try set(CURLOPT_READDATA, pointer: context)
        try set(CURLOPT_SEEKDATA, pointer: context)
        try set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            EasyHandle.from(context)?.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        try set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            EasyHandle.from(context)?.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        try set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            EasyHandle.from(context)?.send(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
                ?? gedge_curl_read_abort()
        }
        try check(
            withUnsafePointer(to: curl.library) { library in
                gedge_curl_set_seek(library, easy) { context, offset, origin in
                    EasyHandle.from(context)?.seek(to: Int(offset), origin: origin) ?? CURL_SEEKFUNC_FAIL
                }
            })
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> EasyHandle? {
        context.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    private func add(_ field: String) throws(HTTPError) {
        guard let longer = curl.library.slist_append(fields, field) else {
            throw HTTPError(.libraryMissing, "libcurl has no memory left", isRetriable: true)
        }
        fields = longer
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(withUnsafePointer(to: curl.library) { gedge_curl_set_number($0, easy, option, value) })
    }

    private func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
        try check(withUnsafePointer(to: curl.library) { gedge_curl_set_text($0, easy, option, value) })
    }

    private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(HTTPError) {
        try check(withUnsafePointer(to: curl.library) { gedge_curl_set_pointer($0, easy, option, pointer) })
    }

    private func set(_ option: CURLoption, _ function: @escaping gedge_curl_transfer) throws(HTTPError) {
        try check(withUnsafePointer(to: curl.library) { gedge_curl_set_transfer($0, easy, option, function) })
    }

    private func check(_ code: CURLcode) throws(HTTPError) {
        guard code == CURLE_OK else {
            throw HTTPError(.libraryMissing, "libcurl refuses an option: \(curl.text(code)); install a newer libcurl")
        }
    }

    // MARK: Callbacks

    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        switch parser.take(line) {
        case .more: return line.count
        case .head(let head):
            return deliver(head) ? line.count : 0
        case .tooLarge:
            failure = HTTPError(
                .tooLarge,
                "\(transfer.name): the answer's head is larger than "
                    + "\(transfer.configuration.maximumHeaderBytes) bytes")
        case .malformed:
            failure = HTTPError(.protocolViolation, "\(transfer.name): the answer is not HTTP")
        }
        return 0
    }

    private func deliver(_ head: HTTPResponseHead) -> Bool {
        // What comes before the answer itself: 100 Continue and the like.
        guard head.status >= 200 else { return true }
        if (300..<400).contains(head.status), let location = head.headers["Location"] {
            if case .follow = transfer.request.redirects { return true }
            let place = (try? HTTPTarget(location))?.display ?? "another place"  // for the message alone
            failure = HTTPError(
                .redirected,
                "\(transfer.name): the server sends this request on to \(place) (status \(head.status)), and it may not "
                    + "follow; use that address, if you trust it")
            return false
        }
        transfer.change { $0.receive(head: head) }
        return true
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        if transfer.change({ $0.receive(bytes, room: transfer.configuration.receiveBufferBytes) }) {
            return bytes.count
        }
        isReceivingPaused = true
        return gedge_curl_write_pause()
    }

    private func send(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch transfer.request.body {
        case .none: return 0
        case .bytes(let body):
            let count = min(buffer.count, body.count - sent)
            if count > 0 {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: body.bytes[sent..<sent + count]))
            }
            sent += count
            transfer.change { $0.noteSent() }
            return count
        case .stream:
            switch transfer.change({ $0.send(into: buffer) }) {
            case .bytes(let count): return count
            case .end: return 0
            case .wait:
                isSendingPaused = true
                return gedge_curl_read_pause()
            }
        }
    }

    /// libcurl begins a body again when a connection that was kept open turns out to be closed.
    private func seek(to offset: Int, origin: Int32) -> Int32 {
        guard case .bytes(let body) = transfer.request.body, origin == SEEK_SET, (0...body.count).contains(offset)
        else {
            return CURL_SEEKFUNC_CANTSEEK
        }
        sent = offset
        return CURL_SEEKFUNC_OK
    }

    // MARK: The loop's side

    func resumeReceiving() {
        isReceivingPaused = false
        applyPauses()
    }

    func resumeSending() {
        isSendingPaused = false
        applyPauses()
    }

    /// A callback may run inside, and pause again.
    private func applyPauses() {
        let mask = (isReceivingPaused ? CURLPAUSE_RECV : 0) | (isSendingPaused ? CURLPAUSE_SEND : 0)
        // A failure ends the transfer, whose end the loop then reads.
        _ = curl.library.easy_pause(easy, mask)
    }

    /// What the transfer's end means.
    func outcome(_ code: CURLcode) -> Result<Void, HTTPError> {
        if code == CURLE_OK { return .success(()) }
        if let failure { return .failure(failure) }
        let said = String(cString: message)
        return .failure(HTTPError(code, said: said.isEmpty ? curl.text(code) : said, request: transfer.name))
    }
}
