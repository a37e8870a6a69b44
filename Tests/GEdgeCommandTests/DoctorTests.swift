import Core
import Testing

@testable import GEdgeCommand

struct DoctorTests {
    private func examine(
        stateDirectory: String = "/var/lib/gedge", coreAnswers: Bool = false,
        _ ail: (inout FakeMachine) -> Void = { _ in }
    ) -> [Finding] {
        var machine = FakeMachine()
        ail(&machine)
        let doctor = Doctor(
            machine: machine, environment: ["PATH": "/usr/bin"], stateDirectory: stateDirectory, port: 7700,
            coreAnswers: coreAnswers)
        return doctor.examine()
    }

    @Test func aHealthyMachineHasNothingToMend() {
        let findings = examine()
        #expect(findings.allSatisfy { $0.level == .ok && $0.fix == nil }, "\(findings.filter { $0.level != .ok })")
        #expect(
            Set(findings.map(\.subject)).isSuperset(of: [
                "system", "library", "memory", "disk", "clock", "state", "keys", "ports",
            ]))
    }

    struct Illness: Sendable, CustomTestStringConvertible {
        let subject: String
        let level: Finding.Level
        let fix: String
        let ail: @Sendable (inout FakeMachine) -> Void
        var testDescription: String { "\(subject): \(fix)" }
    }

    static let illnesses = [
        Illness(subject: "system", level: .warn, fix: "Tools/test") { $0.files["/etc/os-release"] = "ID=other\n" },
        Illness(subject: "library", level: .fail, fix: "apt-get install libzmq5") { $0.missing = ["libzmq5"] },
        Illness(subject: "library", level: .fail, fix: "apt-get install") { $0.oldVersion = "0.0.1" },
        Illness(subject: "programs", level: .warn, fix: "swift build") { $0.paths["/usr/bin/edge-cloud"] = nil },
        Illness(subject: "processors", level: .warn, fix: "2 or more") { $0.processors = 1 },
        Illness(subject: "processors", level: .warn, fix: "2 or more") {
            $0.files["/sys/fs/cgroup/cpu.max"] = "50000 100000"
        },
        Illness(subject: "memory", level: .fail, fix: "256 MiB") {
            $0.files["/proc/meminfo"] = "MemAvailable: 1024 kB"
        },
        Illness(subject: "memory", level: .warn, fix: "50 MB") {
            $0.files["/sys/fs/cgroup/memory.max"] = "1073741824\n"
            $0.files["/sys/fs/cgroup/memory.current"] = "536870912\n"
        },
        Illness(subject: "disk", level: .fail, fix: "make room") { $0.freeBytes = 1 << 20 },
        Illness(subject: "disk", level: .warn, fix: "make room") { $0.freeBytes = 500 << 20 },
        Illness(subject: "open files", level: .warn, fix: "ulimit") { $0.openFileLimit = 256 },
        Illness(subject: "clock", level: .fail, fix: "set-ntp") {
            $0.paths["/usr/bin/gedge"] = FakeMachine.file(
                0o755, modified: FakeMachine.now.advanced(by: .seconds(86_400)))
        },
        Illness(subject: "state", level: .fail, fix: "chmod 700 /var/lib/gedge") {
            $0.paths["/var/lib/gedge"] = FakeMachine.directory(0o755, owner: 1000)
        },
        Illness(subject: "state", level: .fail, fix: "chown") {
            $0.paths["/var/lib/gedge"] = FakeMachine.directory(0o700, owner: 0)
        },
        Illness(subject: "state", level: .fail, fix: "move it away") {
            $0.paths["/var/lib/gedge"] = FakeMachine.file(0o600)
        },
        Illness(subject: "state", level: .fail, fix: "--state-dir") {
            $0.paths["/var/lib/gedge"] = nil
            $0.writable = false
        },
        Illness(subject: "keys", level: .fail, fix: "chmod 600 /var/lib/gedge/keys/core.key") {
            $0.names["/var/lib/gedge/keys"] = ["core.key", "ours.key"]
            $0.paths["/var/lib/gedge/keys/core.key"] = FakeMachine.file(0o644)
            $0.paths["/var/lib/gedge/keys/ours.key"] = FakeMachine.file(0o600)
        },
        Illness(subject: "ports", level: .fail, fix: "ss -ltnp 'sport = :7702'") { $0.takenPorts = [7702] },
    ]

    @Test(arguments: illnesses)
    func eachIllnessHasItsFix(illness: Illness) throws {
        let ill = examine(illness.ail).filter { $0.level != .ok }
        let found = try #require(ill.first { $0.subject == illness.subject })
        #expect(found.level == illness.level)
        #expect(found.fix?.contains(illness.fix) == true, "\(found.fix ?? "")")
        #expect(ill.allSatisfy { $0.subject == illness.subject }, "\(ill)")
    }

    @Test func aRunningCoreMayHaveItsPorts() {
        let findings = examine(coreAnswers: true) { $0.takenPorts = [7700, 7701, 7702, 7703] }
        #expect(findings.allSatisfy { $0.level == .ok })
    }

    @Test func aStateDirectoryThatIsYetToBeMadeIsNoIllness() {
        let findings = examine(stateDirectory: "/var/lib/new/core")
        #expect(findings.allSatisfy { $0.level == .ok })
    }

    @Test(arguments: [
        ("4.3.4", [4, 3, 4]), ("OpenSSL 3.0.15 3 Sep 2024 (Library: OpenSSL 3.0.15)", [3, 0, 15]),
        ("OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY Haswell", [0, 3, 21]), ("none", []),
    ])
    func findsTheVersionInWhatALibrarySays(text: String, numbers: [Int]) {
        #expect(SharedLibrary.numbers(in: text) == numbers)
    }

    @Test func theLinesAreAlignedAndTheFixStandsBelow() {
        let lines = DoctorCommand.text(
            [.ok("disk", "much"), .fail("open files", "few", fix: "ulimit -n 4096")], .plain)
        #expect(lines == ["ok    disk        much", "fail  open files  few", "                  fix: ulimit -n 4096"])
    }

    @Test func theRealMachineCanBeAsked() {
        let machine = SystemMachine()
        #expect(machine.processors >= 1)
        #expect(machine.openFileLimit > 0)
        #expect(machine.status(of: "/")?.isDirectory == true)
        #expect(machine.entries(of: "/proc/self").contains("exe"))
        #expect(machine.executable?.hasPrefix("/") == true)
        #expect((machine.freeDisk(at: "/") ?? -1) >= 0)
        for library in SharedLibrary.all {
            // The tests link none of them but through the package, whose build needs all of them.
            #expect(machine.version(of: library).map(library.isRecentEnough) == true, "\(library.file)")
        }
    }
}
