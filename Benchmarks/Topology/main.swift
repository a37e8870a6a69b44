// Many edges in one process, which report their load to a core every second, for `topology.monitor`.
//
//   bench-topology serve DIRECTORY                     the core's side, at ipc://DIRECTORY/core, until it reads a line
//   bench-topology report ADDRESS COUNT changes|complete
//
// Over ipc the core believes who connects, so that no edge has to enrol. The load of each edge wanders as that of a machine does that
// works a little. For every line it reads `report` prints how many have joined, and how many reports were answered and failed, as
// one line of JSON; "quit" ends it.
import Contracts
import Core
import Glibc
import MessageBus

let arguments = CommandLine.arguments
do {
    if arguments.count == 3, arguments[1] == "serve" {
        try await CoreSide(directory: arguments[2]).run()
    } else if arguments.count == 5, arguments[1] == "report", let count = Int(arguments[3]),
        ["changes", "complete"].contains(arguments[4])
    {
        let sendsChanges = arguments[4] == "changes"
        try await Edges(address: BusAddress(arguments[2]), count: count, sendsChanges: sendsChanges).run()
    } else {
        print("usage: bench-topology serve DIRECTORY | report ADDRESS COUNT changes|complete")
        exit(2)
    }
} catch {
    print("bench-topology: \(error)")
    exit(1)
}
