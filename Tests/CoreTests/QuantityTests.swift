import Foundation
import Testing

@testable import Core

@Suite struct QuantityTests {
    /// What `k8s.io/apimachinery/pkg/api/resource` makes of them: `MilliValue` and `Value` round up.
    @Test(arguments: [
        ("0", 0, 0), ("500m", 500, 1), ("1", 1000, 1), ("0.5", 500, 1), (".5", 500, 1), ("5.", 5000, 5),
        ("1500m", 1500, 2), ("100u", 1, 1), ("1n", 1, 1), ("79500m", 79500, 80), ("2k", 2_000_000, 2000),
        ("512Mi", 536_870_912_000, 536_870_912), ("1.5Gi", 1_610_612_736_000, 1_610_612_736), ("1e3", 1_000_000, 1000),
        ("1E3", 1_000_000, 1000), ("12e-1", 1200, 2), ("+3", 3000, 3), ("0.0001", 1, 1),
        ("263692948Ki", 270_021_578_752_000, 270_021_578_752), ("0.1", 100, 1),
    ])
    func amounts(text: String, thousandths: Int, units: Int64) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.thousandths == thousandths)
        #expect(quantity.units == units)
        #expect(quantity.description == text)
    }

    @Test func theLargestAmounts() throws {
        #expect(try #require(Quantity("7Ei")).units == 7 << 60)
        #expect(try #require(Quantity("9223372036854775807")).units == Int64.max)
        #expect(try #require(Quantity("1E")).units == 1_000_000_000_000_000_000)
    }

    @Test(arguments: [
        "", " ", "-1", "1 Gi", "1gi", "1KI", "1K", "0x10", "1e", "1e99", "1.2.3", ".", "m", "Mi", "1mm", "١", "8Ei",
        "1e19",
        "9223372036854775808", "99999999999999999999999999999999999", "NaN", "inf", "1,5",
    ])
    func whatIsNoAmount(text: String) { #expect(Quantity(text) == nil) }

    @Test func decodesTextsAndNumbers() throws {
        let decoded = try JSONDecoder().decode([Quantity].self, from: Data(#"["500m", 2, 0.5]"#.utf8))
        #expect(decoded.map(\.thousandths) == [500, 2000, 500])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Quantity].self, from: Data(#"[-1]"#.utf8)) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Quantity].self, from: Data("[true]".utf8)) }
    }
}
