import Core
import Testing

/// The core schema of YAML 1.2, section 10.3.2.
@Suite struct ScalarTests {
    @Test(arguments: ["", "~", "null", "Null", "NULL"]) func nulls(_ text: String) {
        #expect(SourceScalar.resolve(text) == .null)
    }

    @Test(arguments: ["true", "True", "TRUE", "false", "False", "FALSE"]) func booleans(_ text: String) {
        #expect(SourceScalar.resolve(text) == .bool(text.lowercased() == "true"))
    }

    @Test(arguments: ["0", "-1", "+7", "007", "0o17", "0xFf", "123456789012345678901234567890"])
    func integers(_ text: String) { #expect(SourceScalar.resolve(text) == .integer) }

    @Test(arguments: ["0.", ".5", "-1.5", "1e3", "1E+3", "1.e-3", "+.inf", "-.INF", ".Inf", ".nan", ".NaN"])
    func floats(_ text: String) { #expect(SourceScalar.resolve(text) == .float) }

    @Test(arguments: [
        "yes", "no", "on", "off", "y", "tRUE", "nULL", ".", "-", "+", "e3", "1e", "1e+", ".e3", "0x", "0o", "0o8",
        "0xG",
        "-0x1", "1_000", "12:30", "2001-01-01", "1.2.3", "-.nan", "inf", " 1", "1 ", "٣", "0b1", "--1", ".infinity",
    ])
    func texts(_ text: String) { #expect(SourceScalar.resolve(text) == .text) }

    @Test func quotedScalarsAreTexts() {
        #expect(SourceScalar("true", style: .quoted).value == .text)
        #expect(SourceScalar("", style: .quoted).value == .text)
        #expect(SourceScalar("true", style: .plain).value == .bool(true))
    }
}
