import Foundation
import TestKit

@testable import Datasets

extension TemporaryDirectory {
    /// Writes a file of this directory. Returns its path.
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let path = file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }
}

/// The error that `body` throws, or `nil`.
func refusal(_ body: () throws -> Void) -> DatasetError? {
    do {
        try body()
        return nil
    } catch let error as DatasetError {
        return error
    } catch {
        return nil
    }
}

/// A number as it lies in a file.
func bytes(_ value: some FixedWidthInteger, bigEndian: Bool = false) -> [UInt8] {
    withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
}
