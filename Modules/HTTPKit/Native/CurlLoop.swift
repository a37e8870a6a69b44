import CCurl
import Core
import Glibc
import Synchronization

/// The thread that moves every transfer of a client: libcurl's multi handle, asleep while there is nothing to do and woken
/// by `curl_multi_wakeup`. It starts with the first transfer.
final class CurlLoop: @unchecked Sendable {
    // @unchecked: `state` is a Mutex; `handles` is touched by the loop's thread alone; `multi` is set once, under the lock,
    // and `curl_multi_wakeup` may be called from any thread.
    enum Command {
        case start(Transfer)
        /// Ends a transfer, with this outcome if it has none.
        case end(Transfer, HTTPError)
        case resumeReceiving(Transfer)
        case resumeSending(Transfer)
    }

    private struct State {
        var commands: [Command] = []
        var multi: UnsafeMutableRawPointer?
        var isStopped = false
    }

    private let configuration: HTTPClientConfiguration
    private let state = Mutex(State())
    private var handles: [ObjectIdentifier: EasyHandle] = [:]

    init(configuration: HTTPClientConfiguration) { self.configuration = configuration }

    /// - Throws: `HTTPError` `closed`, or `libcurl-unavailable`.
    func submit(_ transfer: Transfer) throws(HTTPError) {
        let curl = try Curl.shared()
        try state.withLock { (state) throws(HTTPError) in
            guard !state.isStopped else { throw HTTPError(.closed, "\(transfer.name): the HTTP client was closed") }
            if state.multi == nil { state.multi = try makeMulti(curl) }
            state.commands.append(.start(transfer))
            wake(state, curl)
        }
    }

    func post(_ command: Command) {
        // No libcurl means that nothing was ever submitted.
        guard let curl = try? Curl.shared() else { return }
        state.withLock { state in
            state.commands.append(command)
            wake(state, curl)
        }
    }

    /// Ends the thread; what is under way fails with `closed`.
    func stop() {
        guard let curl = try? Curl.shared() else { return }  // as above
        state.withLock { state in
            state.isStopped = true
            wake(state, curl)
        }
    }

    private func wake(_ state: borrowing State, _ curl: Curl) {
        if let multi = state.multi { _ = curl.library.multi_wakeup(multi) }
    }

    private func makeMulti(_ curl: Curl) throws(HTTPError) -> UnsafeMutableRawPointer {
        guard let multi = curl.library.multi_init() else {
            throw HTTPError(.libraryMissing, "libcurl has no memory left", isRetriable: true)
        }
        var curl = curl
        let options: [(CURLMoption, Int)] = [
            (CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.maximumConnections),
            (CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maximumConnectionsPerHost),
            (CURLMOPT_MAXCONNECTS, configuration.maximumConnections),
        ]
        for (option, value) in options {
            // A limit that libcurl does not take leaves its own.
            _ = gedge_curl_multi_set_number(&curl.library, multi, option, value)
        }
        let thread = LoopThread(loop: self, curl: curl, multi: multi)
        guard thread.start() else {
            _ = curl.library.multi_cleanup(multi)
            throw HTTPError(
                .libraryMissing, "the system refused a thread; raise the limit on threads", isRetriable: true)
        }
        return multi
    }

    // MARK: The thread

    fileprivate func run(_ curl: Curl, _ multi: UnsafeMutableRawPointer) {
        ThreadName.set("http-client")
        // Before 7.87 libcurl lets OpenSSL write to a connection that its peer closed, and the signal, which goes to the thread
        // that writes, would end the process.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
        while true {
            let (commands, isStopped) = state.withLock { state in
                defer { state.commands = [] }
                return (state.commands, state.isStopped)
            }
            for command in commands { carryOut(command, curl, multi) }
            if isStopped { break }
            var running: Int32 = 0
            let moved = curl.library.multi_perform(multi, &running)
            readEnded(curl, multi)
            if moved != CURLM_OK { endAll(because: text(moved, curl), curl, multi) }
            let slept = curl.library.multi_poll(multi, nil, 0, 60_000, nil)
            if slept != CURLM_OK { endAll(because: text(slept, curl), curl, multi) }
        }
        endAll(because: nil, curl, multi)
        state.withLock { state in
            state.multi = nil
            _ = curl.library.multi_cleanup(multi)
        }
    }

    private func carryOut(_ command: Command, _ curl: Curl, _ multi: UnsafeMutableRawPointer) {
        switch command {
        case .start(let transfer):
            do throws(HTTPError) {
                let handle = try EasyHandle(transfer, curl: curl)
                let added = curl.library.multi_add_handle(multi, handle.easy)
                guard added == CURLM_OK else {
                    throw HTTPError(.connection, "\(transfer.name): \(text(added, curl))", isRetriable: true)
                }
                handles[ObjectIdentifier(transfer)] = handle
            } catch { transfer.change { $0.end(.failure(error)) } }
        case .end(let transfer, let error):
            remove(transfer, .failure(error), curl, multi)
        case .resumeReceiving(let transfer): handles[ObjectIdentifier(transfer)]?.resumeReceiving()
        case .resumeSending(let transfer): handles[ObjectIdentifier(transfer)]?.resumeSending()
        }
    }

    private func readEnded(_ curl: Curl, _ multi: UnsafeMutableRawPointer) {
        var waiting: Int32 = 0
        while let message = curl.library.multi_info_read(multi, &waiting) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let code = gedge_curl_message_result(message)
            var library = curl.library
            var context: UnsafeMutableRawPointer?
            guard gedge_curl_get_pointer(&library, message.pointee.easy_handle, CURLINFO_PRIVATE, &context) == CURLE_OK,
                let context
            else { continue }
            let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
            remove(handle.transfer, handle.outcome(code), curl, multi)
        }
    }

    private func remove(
        _ transfer: Transfer, _ outcome: Result<Void, HTTPError>, _ curl: Curl, _ multi: UnsafeMutableRawPointer
    ) {
        if let handle = handles.removeValue(forKey: ObjectIdentifier(transfer)) {
            // It was added, so it can be removed.
            withExtendedLifetime(handle) { _ = curl.library.multi_remove_handle(multi, handle.easy) }
        }
        transfer.change { $0.end(outcome) }
    }

    /// - Parameter reason: what libcurl said, or `nil` when the client was closed.
    private func endAll(because reason: String?, _ curl: Curl, _ multi: UnsafeMutableRawPointer) {
        for handle in Array(handles.values) {
            let name = handle.transfer.name
            let error =
                reason.map { HTTPError(.connection, "\(name): \($0)", isRetriable: true) }
                ?? HTTPError(.closed, "\(name): the HTTP client was closed")
            remove(handle.transfer, .failure(error), curl, multi)
        }
    }

    private func text(_ code: CURLMcode, _ curl: Curl) -> String {
        curl.library.multi_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }
}

/// What a loop's thread is started with.
private final class LoopThread {
    private let loop: CurlLoop
    private let curl: Curl
    private let multi: UnsafeMutableRawPointer

    init(loop: CurlLoop, curl: Curl, multi: UnsafeMutableRawPointer) {
        self.loop = loop
        self.curl = curl
        self.multi = multi
    }

    /// - Returns: whether the system gave a thread.
    func start() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var id = pthread_t()
        let box = Unmanaged.passRetained(self)
        let status = pthread_create(
            &id, &attributes,
            { box in
                guard let box else { return nil }
                let thread = Unmanaged<LoopThread>.fromOpaque(box).takeRetainedValue()
                thread.loop.run(thread.curl, thread.multi)
                return nil
            }, box.toOpaque())
        if status != 0 { box.release() }
        return status == 0
    }
}
