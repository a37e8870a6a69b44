import Core
import Foundation
import Testing

@Suite struct FailureTests {
    private struct Deep: ModuleError {
        var code = "disk-full"
        var message = "the disk is full"
        var cause: (any Error)?
        var isRetriable = true
    }

    @Test func carriesTheWordsOfAModuleError() throws {
        let failure = Failure(Deep(cause: Deep(message: "no space on /var")))
        #expect(failure.code == "disk-full")
        #expect(failure.message == "the disk is full: no space on /var [disk-full]")
        #expect(failure.isRetriable)
        #expect(try JSONDecoder().decode(Failure.self, from: JSONEncoder().encode(failure)) == failure)
        #expect(Failure(failure) == failure)
    }

    @Test func otherErrorsGetACode() {
        struct Odd: Error {}
        #expect(Failure(CancellationError()).code == "cancelled")
        #expect(Failure(Odd()).code == "internal")
        #expect(!Failure(Odd()).isRetriable)
    }

    @Test func describesItsCause() {
        #expect(Deep().description == "the disk is full [disk-full]")
        #expect(Deep(cause: Deep(message: "x")).description == "the disk is full [disk-full]: x [disk-full]")
    }
}
