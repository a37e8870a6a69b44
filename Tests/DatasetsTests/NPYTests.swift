import Core
import TestKit
import Testing

@testable import Datasets

@Suite struct NPYTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("npy") }

    private func npy(_ header: String, _ values: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let text = Array(header.utf8)
        let length = version == 1 ? bytes(UInt16(text.count)) : bytes(UInt32(text.count))
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + values
    }

    private let floats: [UInt8] = [Float(1), 2, 0, 3, 4, 1].flatMap { bytes($0.bitPattern) }

    @Test func theThreeVersionsAreRead() throws {
        for version in [UInt8(1), 2, 3] {
            let path = try directory.write(
                "a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", floats, version: version))
            let data = try DatasetSource(path: path).load()
            #expect(data.features == [1, 2, 3, 4])
            #expect(data.labels == [0, 1])
        }
    }

    @Test func headersMayBeWrittenInOtherWays() throws {
        for header in [
            "{\"shape\":(2L,3L),\"fortran_order\":False,\"descr\":\"<f4\"}",
            "{'descr':'<f4','fortran_order':False,'shape':(2,3,)}",
            "  { 'fortran_order' : False , 'descr' : '<f4' , 'shape' : ( 2 , 3 ) }   \n",
        ] {
            let path = try directory.write("a.npy", npy(header, floats))
            #expect(try DatasetSource(path: path).load().labels == [0, 1], "\(header)")
        }
    }

    @Test(arguments: [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4)}", DatasetError.Kind.malformed, "too short"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}", .malformed, "more bytes follow"),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999)}", .tooLarge,
            "9999999999 features"
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 99999999999999999999)}", .malformed, "tuple"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", .malformed, "axes"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}", .malformed, "labelsPath"),
        ("{'descr': '<f4', 'fortran_order': False}", .malformed, "lacks"),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}", .malformed, "True or False"),
        ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", .malformed, "'descr'"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}", .unsupported, "'|O'"),
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3)}", .unsupported, "astype"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}", .unsupported, "records"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x", .malformed, "dictionary"),
        ("", .malformed, "lacks '{'"),
    ]) func badHeadersAreRefused(header: String, kind: DatasetError.Kind, words: String) throws {
        let path = try directory.write("bad.npy", npy(header, floats))
        let error = try #require(refusal { _ = try DatasetSource(path: path).load() })
        #expect(error.kind == kind, "\(error.message)")
        #expect(error.message.contains("bad.npy") && error.message.contains(words), "\(error.message)")
    }

    @Test func badValuesAreNamedWithSampleAndFeature() throws {
        let header = "{'descr': '<f4', 'fortran_order': %, 'shape': (2, 3)}"
        var values = floats
        values.replaceSubrange(16..<20, with: bytes(Float.nan.bitPattern))
        for (order, place) in [("False", "sample 1, feature 1"), ("True", "sample 0, feature 2")] {
            let text = header.split(separator: "%").joined(separator: order)
            let path = try directory.write("nan.npy", npy(text, values))
            let error = try #require(refusal { _ = try DatasetSource(path: path).load() })
            #expect(error.kind == .invalidValue)
            #expect(error.message.contains(place), "\(error.message)")
        }
    }

    @Test func aFileThatIsNoArrayIsRefused() throws {
        for contents in [[], [0x93], Array("PK".utf8), [UInt8](repeating: 0, count: 200)] {
            let path = try directory.write("no.npy", contents)
            #expect(refusal { _ = try DatasetSource(path: path).load() }?.kind == .malformed)
        }
        let missing = refusal { _ = try DatasetSource(path: directory.file("missing.npy")).load() }
        #expect(missing?.kind == .unreadable)
        #expect(missing?.message.contains("No such file") == true)
        let folder = refusal { _ = try DatasetSource(path: directory.path, format: .npy).load() }
        #expect(folder?.kind == .unreadable)
    }
}
