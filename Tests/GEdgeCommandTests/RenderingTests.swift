import Testing

@testable import GEdgeCommand

struct RenderingTests {
    @Test func aTableIsAsWideAsItsCells() {
        let table = Table(
            columns: ["name", "phase", "accuracy"],
            rows: [["digits", "Running", "9.50%"], ["a-longer-name", "Succeeded", "97.22%"]])
        #expect(
            table.lines() == [
                "NAME           PHASE      ACCURACY",
                "digits         Running       9.50%",
                "a-longer-name  Succeeded    97.22%",
            ])
    }

    @Test func namesThatStartWithDigitsStayLeft() {
        let table = Table(columns: ["name"], rows: [["3d-model"], ["12"]])
        #expect(table.lines() == ["NAME", "3d-model", "12"])
    }

    @Test func linesAreCutForATerminalAndNeverEndInSpaces() {
        let table = Table(columns: ["name", "message"], rows: [["a", "a long message"], ["b", ""]])
        #expect(table.lines(width: 10) == ["NAME  MES…", "a     a l…", "b"])
    }

    @Test func wideAndCombiningCharactersKeepTheColumns() {
        let table = Table(columns: ["name", "x"], rows: [["엣지", "a"], ["e\u{301}", "b"]])
        #expect(table.lines() == ["NAME  X", "엣지  a", "e\u{301}     b"])
        #expect(TextWidth.columns("엣지") == 4)
        #expect(TextWidth.fitted("엣지", 3) == "엣…")
    }

    @Test func aRowWithTooFewCellsIsFilledUp() {
        #expect(Table(columns: ["a", "b"], rows: [["x"]]).lines() == ["A  B", "x"])
    }

    @Test func hostileTextCannotDriveTheTerminal() {
        let hostile = "\u{1B}[2Jname\u{7}\u{9B}31m\u{202E}\nnext"
        let shown = Table(columns: ["name"], rows: [[hostile]]).lines()[1]
        #expect(!shown.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
        #expect(!shown.contains("\u{202E}"))
        #expect(TextWidth.printable("a\nb", keepingLines: true) == "a\nb")
        let line = LogText(palette: .plain).line(#"{"message":"\u001b[2J","level":"info","time":"t","label":"l"}"#)
        #expect(!line.contains("\u{1B}"))
    }

    @Test(arguments: [
        (0.0, 2, "0.00"), (0.005, 2, "0.01"), (97.225, 1, "97.2"), (-0.004, 2, "0.00"), (-1.5, 0, "-2"),
        (1234.5678, 3, "1234.568"),
    ])
    func numbersHaveTheirDecimals(value: Double, digits: Int, text: String) {
        #expect(NumberText.fixed(value, digits: digits) == text)
    }

    @Test func numbersThatAreNoneAreShown() {
        #expect(NumberText.fixed(.nan, digits: 2) == "nan")
        #expect(NumberText.fixed(.infinity, digits: 2) == "inf")
        #expect(NumberText.span(seconds: .infinity) == "unknown")
        #expect(NumberText.grouped(1437) == "1,437")
        #expect(NumberText.grouped(-999) == "-999")
    }

    @Test func logLinesAreReadable() {
        let text = LogText(palette: .plain)
        let line = #"""
            {"time":"2025-01-02T03:04:05.678Z","level":"warning","label":"fedlearn","message":"round closed",
            "round":"3","job":"digits","trace":"00112233445566778899aabbccddeeff","loss":"0.04522660390368087","error":{"code":"x","message":"late"}}
            """#
        #expect(
            text.line(line)
                == "2025-01-02 03:04:05.678Z WARNING fedlearn    round closed  job=digits  loss=0.0452  round=3  trace=00112233  error=late"
        )
        #expect(text.line("not json") == "not json")
    }

    @Test func colourIsForTerminalsThatWantIt() {
        let interactive = ScriptedTerminal(isInteractive: true)
        let file = ScriptedTerminal()
        func palette(_ output: ScriptedTerminal, _ environment: [String: String]) -> Palette {
            Console(output: output, error: file, environment: environment).palette
        }
        #expect(palette(interactive, ["LANG": "C.UTF-8"]).bold("x") == "\u{1B}[1mx\u{1B}[0m")
        #expect(palette(file, [:]).bold("x") == "x")
        #expect(palette(interactive, ["NO_COLOR": "1"]).bold("x") == "x")
        #expect(palette(interactive, ["TERM": "dumb"]).bold("x") == "x")
        #expect(palette(interactive, ["LANG": "C"]).bar(0.5, width: 4).contains("##"))
        #expect(palette(interactive, ["LANG": "ko_KR.UTF-8", "NO_COLOR": "1"]).bar(0.5, width: 4) == "██░░")
    }
}
