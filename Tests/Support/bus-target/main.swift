import Contracts
import Core
import Glibc
import MessageBus
import Telemetry

// A process with a bus that the tests attack. It prints its address and its public key, and answers until it is killed.
//
//   bus-target KEYFILE NAME=KEY...    admits the peers with these names and public keys

func say(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
}

struct Admitted: PeerDirectory {
    let peers: [PublicKey: PeerID]
    var acceptsEnrolment: Bool { true }
    func peer(for key: PublicKey) -> PeerID? { peers[key] }
}

struct Text: Codable, Sendable { var text: String }

var peers: [PublicKey: PeerID] = [:]
for argument in CommandLine.arguments.dropFirst(2) {
    let words = argument.split(separator: "=", maxSplits: 1)
    guard words.count == 2, let key = PublicKey(z85: words[1]) else { exit(2) }
    peers[key] = PeerID(String(words[0]))
}

// Bounds much smaller than the defaults, so that growth beyond them shows.
var configuration = BusConfiguration(identity: .core)
let limits = LaneLimits(bodyBytes: 64 << 10, attachments: 4, attachmentBytes: 1 << 20)
configuration.frames = FrameLimits(control: limits, model: limits, bulk: limits)
configuration.maximumRequestBytes = 8 << 20
configuration.maximumBytesInFlight = 2 << 20
configuration.maximumQueuedBytes = 4 << 20
configuration.quarantine = .milliseconds(300)

let metrics = MetricsRegistry()
let bus = Bus(configuration: configuration, metrics: metrics)
bus.handle(Call<Text, Text>("target.echo")) { (request: Inbound<Text>) -> Outbound<Text> in
    Outbound(request.body, attachments: request.attachments)
}
bus.handle(Call<Empty, Text>("target.metrics")) { (_: Inbound<Empty>) -> Text in Text(text: metrics.prometheusText()) }
bus.onEnrolment { _, _ in throw Failure(code: "wrong-token", message: "no token fits") }

let keys = try KeyFile(CommandLine.arguments[1]).loadOrCreate()
let address = try bus.listen(
    BusAddress("tcp://127.0.0.1:0"), security: .curve(serverKeys: keys, directory: Admitted(peers: peers)))
say("listening \(address) \(keys.publicKey)")
try await bus.run()
