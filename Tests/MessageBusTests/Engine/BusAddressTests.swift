import Contracts
import MessageBus
import Testing

@Suite struct BusAddressTests {
    @Test(arguments: [
        ("tcp://127.0.0.1:7700", "tcp://127.0.0.1:7702"), ("tcp://[::1]:1", "tcp://[::1]:3"),
        ("tcp://core.example:65532", "tcp://core.example:65534"),
        ("ipc:///run/gedge/core", "ipc:///run/gedge/core.bulk"),
        ("inproc://core", "inproc://core.bulk"),
    ])
    func addressesNameASocketPerLane(_ text: String, _ bulk: String) throws {
        let address = try BusAddress(text)
        #expect(address.description == text)
        #expect(address.endpoint(.bulk) == bulk)
        #expect(Set(Lane.allCases.map { address.endpoint($0) }).count == 3)
    }

    @Test(arguments: [
        "", "127.0.0.1:7700", "http://127.0.0.1:7700", "tcp://", "tcp://127.0.0.1", "tcp://:7700", "tcp://host:-1",
        "tcp://host:65533", "tcp://host:99999", "tcp://host:77o0", "tcp://::1:7700", "tcp://[::1:7700",
        "tcp://a b:7700", "tcp://eth0;host:7700", "ipc://relative", "ipc:///ends/", "inproc://",
        "ipc:///" + String(repeating: "x", count: 120),
    ])
    func whatIsNoAddressIsRefusedWithAReason(_ text: String) {
        let error = #expect(throws: BusError.self) { try BusAddress(text) }
        #expect(error?.is(.invalidAddress) == true)
        #expect((error?.message.count ?? 0) > 40)
    }

    @Test func onlyLoopbackAddressesAreLoopback() throws {
        for text in ["tcp://127.0.0.1:1", "tcp://127.8.9.1:1", "tcp://localhost:1", "tcp://[::1]:1", "ipc:///x/y"] {
            #expect(try BusAddress(text).isLoopback, "\(text)")
        }
        for text in ["tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://*:1", "tcp://[::]:1", "tcp://127.evil.example:1"] {
            #expect(try !BusAddress(text).isLoopback, "\(text)")
        }
    }
}
