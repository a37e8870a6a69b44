import Contracts
import TestKit
import Testing

@testable import Topology

/// What is handed to hwloc: hostile files are refused before it sees them.
@Suite struct TopologyDocumentTests {
    private func code(_ text: String) -> String? {
        do {
            _ = try MachineDiscovery.machine(xml: Array(text.utf8))
            return nil
        } catch { return error.code }
    }

    @Test func hostileFilesAreRefused() {
        let bomb = """
            <?xml version="1.0"?><!DOCTYPE topology [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
            <topology version="2.0"><object type="&b;"/></topology>
            """
        #expect(code(bomb) == "invalid")
        #expect(code(#"<topology version="3.0"><object/></topology>"#) == "unsupported")
        #expect(code("") == "invalid")
        #expect(code("not xml") == "invalid")
        #expect(code("<html></html>") == "invalid")
        #expect(code("<topology>") == "invalid")
        #expect(code("</topology>") == "invalid")
        #expect(code(#"<topology version="2.0"></topology>"#) == "invalid")
        #expect(code("<topology \0></topology>") == "invalid")
        let depth = 1000
        let deep =
            "<topology version=\"2.0\">" + String(repeating: "<object type=\"Group\">", count: depth)
            + String(repeating: "</object>", count: depth) + "</topology>"
        #expect(code(deep) == "invalid")
        let wide =
            "<topology version=\"2.0\">" + String(repeating: "<object type=\"PU\"/>", count: 250_000) + "</topology>"
        #expect(code(wide) == "invalid")
    }

    @Test func numbersThatBecomeMemoryAreBounded() throws {
        let text = String(decoding: try MachineData.bytes("gpu-host"), as: UTF8.self)
        #expect(code(text) == nil)
        for (from, to) in [
            (#"os_index="15""#, #"os_index="4000000000""#), (#"nbobjs="2""#, #"nbobjs="100000000""#),
            (#"length="12""#, #"length="99999999999""#),
        ] {
            #expect(text.contains(from))
            #expect(code(text.replacing(from, with: to)) == "invalid")
        }
    }

    @Test func aFileThatIsTooLargeIsRefusedBeforeItIsRead() {
        let bytes = [UInt8](repeating: 0x20, count: TopologyDocument.sizeLimit + 1)
        #expect { try MachineDiscovery.machine(xml: bytes) } throws: { ($0 as? TopologyError)?.code == "invalid" }
    }

    /// Whatever a file says, it is read or refused, and what is read can be allocated from.
    @Test func damagedFilesAreReadOrRefused() throws {
        var generator = SeededGenerator()
        let files = try ["gpu-host", "memory-beside", "two-sockets"].map(MachineData.bytes)
        var read = 0
        for _ in 0..<1500 {
            var bytes = files[Int.random(in: 0..<files.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 1...255, using: &generator)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                case 2:
                    let from = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + 200)], at: place)
                // A digit for a digit keeps the form, and changes what it says.
                default:
                    if let digit = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) {
                        bytes[digit] = UInt8.random(in: 0x30...0x39, using: &generator)
                    }
                }
                if bytes.isEmpty { break }
            }
            do throws(TopologyError) {
                let machine = try MachineDiscovery.machine(xml: bytes)
                read += 1
                let reservation = try Reservation(MachineData.settingsOfOneCPU, of: machine)
                #expect(reservation.allocatable(of: machine).milliCPUs == (machine.threads.count - 1) * 1000)
            } catch {
                #expect(["invalid", "unsupported"].contains(error.code))
            }
        }
        // A test that only ever saw refusals would say nothing of hwloc.
        #expect(read > 50)
    }
}
