import Contracts
import Foundation

/// A resource as `gedge get -o json` prints it.
enum ResourceText {
    static func json(_ record: ResourceRecord) throws -> String {
        String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
    }
}
