import Foundation
import TestKit

/// Asks `Tests/peers/reinforcement_oracle.py`.
enum ReinforcementOracle {
    static func ask<Answer: Decodable>(_ task: some Encodable, as: Answer.Type = Answer.self) async throws -> Answer {
        let folder = try TemporaryDirectory("reinforcement")
        try JSONEncoder().encode(task).write(to: URL(fileURLWithPath: folder.file("task.json")))
        try await Python.run(Python.peer("reinforcement_oracle.py"), [folder.path])
        return try JSONDecoder().decode(
            Answer.self, from: try Data(contentsOf: URL(fileURLWithPath: folder.file("answer.json"))))
    }
}
