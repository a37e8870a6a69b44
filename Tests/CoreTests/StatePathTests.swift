import Core
import Testing

@Suite struct StatePathTests {
    @Test(arguments: [
        (["HOME": "/home/u"], "/home/u/.local/state/gedge/core"),
        (["HOME": "/home/u", "XDG_STATE_HOME": "/s"], "/s/gedge/core"),
        (["HOME": "/home/u", "XDG_STATE_HOME": "relative"], "/home/u/.local/state/gedge/core"),
        (["HOME": "/home/u", "XDG_STATE_HOME": ""], "/home/u/.local/state/gedge/core"),
    ])
    func followsTheBaseDirectorySpecification(_ environment: [String: String], _ path: String) {
        #expect(StatePath.standard("core", environment: environment) == path)
    }

    @Test func commandsComeThroughASocketInTheState() {
        #expect(StatePath.commandAddress(in: "/s/core") == "ipc:///s/core/run/core")
    }

    @Test func theVersionIsSemantic() {
        let parts = Version.current.split(separator: ".")
        #expect(parts.count == 3 && parts.allSatisfy { Int($0) != nil })
    }
}
