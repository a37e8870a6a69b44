// One cloud's DataSync in a process of its own, for the benchmarks: it does what it reads on its standard input and answers
// with one line of JSON each.
//
//   datasync-node STATE NAME listen HOST PORT [--plain]            the core: serves what it ingests
//   datasync-node STATE NAME connect HOST PORT KEY [--plain]       an edge: fetches from the core, whose key is KEY
//
//   admit NAME KEY                         lets the edge NAME with this key in
//   ready                                  waits until the core is connected
//   ingest NAME PATH                       stores a file or a directory as the next version of the data set bench/bench/NAME
//   publish NAME PATH                      stores a file of float32 as one tensor of a model called NAME
//   fetch DIGEST REFERENCE [PRIORITY]      fetches a manifest from the core, which a model or a data set is; PRIORITY is urgent,
//                                          normal or bulk
//   begin COMMAND                          does so beside what comes next, and answers when it is done
//   sent                                   how many bytes of shards were sent from here
//   received                               how many were received
//   quit
import Contracts
import Core
import DataSync
import Glibc
import MessageBus

FrameMemory.keepPages()
do {
    try await Node(arguments: Array(CommandLine.arguments.dropFirst())).run()
} catch {
    Output.line(["error": "\(error)"])
    exit(1)
}
