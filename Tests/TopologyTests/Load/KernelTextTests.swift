import Contracts
import Testing

@testable import Topology

/// What kernels write, byte by byte, and what no kernel does.
@Suite struct KernelTextTests {
    @Test func processorTimesAreReadFromTheFirstLine() {
        let text = "cpu  100 5 20 700 30 1 2 3 50 0\ncpu0 1 2 3 4\nintr 99\n"
        #expect(ProcessorTimes(ByteScanner(text)) == ProcessorTimes(busy: 131, total: 861))
        // Linux 2.4 had four figures.
        #expect(ProcessorTimes(ByteScanner("cpu 1 2 3 4\n")) == ProcessorTimes(busy: 6, total: 10))
    }

    @Test(arguments: ["", "cpu0 1 2 3 4", "cpu  1 2 3", "cpu  99999999999999999999 1 1 1", "cpu  x", "intr 1 2 3 4"])
    func whatIsNoProcessorLineIsNone(text: String) {
        #expect(ProcessorTimes(ByteScanner(text)) == nil)
    }

    @Test func pressureIsAShareOfTime() {
        let text = """
            some avg10=2.45 avg60=16.38 avg300=28.80 total=204410019
            full avg10=0.50 avg60=0.00 avg300=0.00 total=0
            """
        let stall = Pressure.Stall(ByteScanner(text))
        #expect(stall.map { abs($0.some - 0.0245) < 1e-9 && abs($0.full - 0.005) < 1e-9 } == true)
        #expect(Pressure.Stall(ByteScanner("some avg10=100.00 avg60=0\n")) == Pressure.Stall(some: 1, full: 0))
        #expect(Pressure.Stall(ByteScanner("some avg10=-1")) == nil)
        #expect(Pressure.Stall(ByteScanner("some avg10=101.00")) == nil)
        #expect(Pressure.Stall(ByteScanner("")) == nil)
    }

    @Test func aDiskCountsInSectors() {
        let text =
            "   58966    12249  7052266    38840    18293   157151 13291400   128548        0    21752   171326\n"
        #expect(
            DiskCounters(ByteScanner(text))
                == DiskCounters(read: 7_052_266 * 512, written: 13_291_400 * 512, busy: 21_752))
        #expect(DiskCounters(ByteScanner("1 2 3")) == nil)
    }

    @Test func aKeyIsFoundOnItsLine() {
        var scanner = ByteScanner("MemTotal:  100 kB\nMemFree:  20 kB\nMemAvailable:   50 kB\n")
        #expect(scanner.number(after: "MemAvailable:") == 50)
        var missing = ByteScanner("MemTotal: 100 kB\n")
        #expect(missing.number(after: "MemAvailable:") == nil)
    }
}
