import Testing

@testable import DaemonKit

@Suite("Code that only the start needed")
struct StartupCodeTests {
    @Test("a file mapped for execution is found by its addresses")
    func executable() {
        let line = "7f52a4000000-7f52a4228000 r-xp 00000000 08:01 1835034                    /usr/lib/lib zmq.so\n"
        #expect(StartupCode.executableFileMapping(line) == 0x7f52_a400_0000..<0x7f52_a422_8000)
    }

    @Test(
        "what may hold data is left alone",
        arguments: [
            "7f52a4000000-7f52a4228000 r--p 00000000 08:01 1835034    /usr/lib/libzmq.so\n",
            "7f52a4000000-7f52a4228000 rw-p 00000000 08:01 1835034    /usr/lib/libzmq.so\n",
            "7f52a4000000-7f52a4228000 rwxp 00000000 08:01 1835034    /usr/lib/libzmq.so\n",
            "7ffc1b5f2000-7ffc1b5f4000 r-xp 00000000 00:00 0          [vdso]\n",
            "7f52a4000000-7f52a4228000 r-xp 00000000 00:00 0\n",
            "7f52a4228000-7f52a4000000 r-xp 00000000 08:01 1835034    /usr/lib/libzmq.so\n",
            "",
        ])
    func others(line: String) {
        #expect(StartupCode.executableFileMapping(line) == nil)
    }

    @Test("a process goes on after its code was released")
    func release() {
        StartupCode.release()
        #expect((1...100).reduce(0, +) == 5050)
    }
}
