import Core
import Foundation
import Testing

@Suite struct CPUQuantityTests {
    @Test(arguments: [("2", 2000), ("500m", 500), ("0.5", 500), ("1.25", 1250), ("1500m", 1500)])
    func amountsAreReadAndWritten(text: String, milliCPUs: Int) throws {
        let quantity = try #require(CPUQuantity(text))
        #expect(quantity.milliCPUs == milliCPUs)
        #expect(CPUQuantity(quantity.description) == quantity)
    }

    @Test(arguments: ["", "-1", "two", "1 m", "1.2.3", "1000001"]) func anythingElseIsNone(text: String) {
        #expect(CPUQuantity(text) == nil)
    }

    @Test func aNumberIsAnAmountToo() throws {
        let read = try JSONDecoder().decode([CPUQuantity].self, from: Data(#"[2, 0.5, "750m"]"#.utf8))
        #expect(read.map(\.milliCPUs) == [2000, 500, 750])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(CPUQuantity.self, from: Data("-1".utf8)) }
    }
}
