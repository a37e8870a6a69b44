import Contracts
import Core
import Testing

@testable import GEdgeCommand

struct ResourceReferenceTests {
    @Test func readsEveryFormOfAName() throws {
        #expect(try ResourceReference(["jobs"]).name == nil)
        #expect(try ResourceReference(["job/digits"]) == ResourceReference(["trainingjob", "digits"]))
        let model = try ResourceReference(["model/demo/digits/3"])
        #expect(model.kind == .model)
        #expect(model.name == "demo/digits/3")
        #expect(try ResourceReference.name("edge-1", of: .edge) == "edge-1")
        #expect(try ResourceReference.name("edge/edge-1", of: .edge) == "edge-1")
    }

    @Test(arguments: [
        (["jbo"], "did you mean 'job'?"), (["nodes"], "there are jobs, edges, models"), (["job/"], "lacks the name"),
        (["job/a", "b"], "one word too many"),
    ])
    func saysWhatIsWrong(words: [String], message: String) {
        let error = #expect(throws: CommandError.self) { try ResourceReference(words) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func refusesANameOfAnotherKind() {
        #expect(throws: CommandError.self) { try ResourceReference.name("job/a", of: .edge) }
        #expect(throws: CommandError.self) { try ResourceReference.named(["jobs"]) }
    }

    @Test func readsWhoseLogIsWanted() throws {
        #expect(try DaemonReference(nil) == DaemonReference("core"))
        #expect(try DaemonReference("edge/edge-1").edge?.text == "edge-1")
        #expect(try DaemonReference("job/digits").job == "digits")
        #expect(throws: CommandError.self) { try DaemonReference("model/a/b/1") }
        #expect(throws: CommandError.self) { try DaemonReference("edge/NOT VALID") }
    }
}
