import Contracts
import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite(.enabled(if: Python.has("numpy", "zmq"), "needs NumPy and pyzmq: run Tools/test"))
    struct ExternalTrainerTests {
        private static let client = "\(Executables.root)/examples/python-client/client.py"

        private static let path = ProcessInfo.processInfo.environment["PYTHONPATH"].map { ":\($0)" } ?? ""

        /// An edge that keeps `script` running as its trainer.
        private func writeEdge(
            _ cluster: Cluster, _ index: Int, script: String = client, memory: String? = nil,
            python: String = Python.interpreter, data: String? = nil
        ) throws {
            let name = cluster.edgeNames[index]
            try cluster.write(
                "\(name).yaml",
                """
                stateDirectory: \(cluster.directory.file(name))
                core: tcp://127.0.0.1:\(cluster.port)
                trainers:
                  - name: digits
                    dataset: digits
                    samples: 2000
                    command: [\(python), -B, \(script), \(data ?? cluster.directory.file("data/part-\(index + 1).csv"))]
                    environment: {PYTHONPATH: '\(Executables.root)/Tools/python-sdk\(Self.path)', OPENBLAS_NUM_THREADS: "1", \
                OMP_NUM_THREADS: "1", TRAINER_NOTE: \(cluster.directory.file("\(name).note"))}
                    \(memory.map { "memory: \($0)" } ?? "")
                """)
        }

        private func apply(
            _ cluster: Cluster, rounds: Int, optimizer: String = "learningRate: 2.0, localEpochs: 10",
            deadline: Int = 60
        ) async throws {
            try cluster.write(
                "job.yaml",
                """
                apiVersion: gedge/v1
                kind: TrainingJob
                metadata: {group: test, project: digits, name: digits}
                spec:
                  model: {kind: external}
                  data: {dataset: digits}
                  rounds: \(rounds)
                  optimizer: {\(optimizer)}
                  clients: {minimum: 2}
                  roundDeadlineSeconds: \(deadline)
                """)
            try await cluster.must("apply", "-f", cluster.directory.file("job.yaml"))
        }

        @Test func aNumPyClientLearnsTheDigitsTheSameEveryTime() async throws {
            var manifests: [[Digest]] = []
            for _ in 1...2 {
                let cluster = try await Cluster(edges: 2)
                for index in 0...1 { try writeEdge(cluster, index, memory: "4GiB") }
                try await cluster.startAll()
                try await apply(cluster, rounds: 10)
                let job = try await cluster.waitForJob()
                #expect(job.phase == .succeeded && job.completedRounds == 10, "\(cluster.logs)")
                #expect(job.rounds.allSatisfy { $0.contributors.count == 2 && $0.absent.isEmpty })
                #expect(try #require(job.rounds.last?.accuracy) > 0.85)
                #expect(try #require(job.rounds.last?.loss) < (try #require(job.rounds.first?.loss)))
                #expect(await cluster.stop() == [0, 0, 0])
                manifests.append(job.rounds.map(\.manifest))
            }
            #expect(manifests[0] == manifests[1] && Set(manifests[0]).count == 10)
        }

        /// The trainer of the first edge writes its process into a note and stays in its first fit.
        private static let stubborn = """
            import os, sys, time
            import numpy as np
            from gedge.client import NumPyClient, start_numpy_client

            class Stubborn(NumPyClient):
                def get_parameters(self, config):
                    return [np.zeros(3)]

                def fit(self, parameters, config):
                    note = os.environ["TRAINER_NOTE"]
                    if not os.path.exists(note):
                        with open(note + ".new", "w") as file:
                            file.write(str(os.getpid()))
                        os.rename(note + ".new", note)
                        time.sleep(3600)
                    return [parameters[0] + 1], 10, {"loss": 0.5}

                def evaluate(self, parameters, config):
                    return float(parameters[0][0]), 10, {}

            start_numpy_client(client=Stubborn())
            """

        private func process(_ cluster: Cluster, _ edge: String) async throws -> pid_t {
            let path = cluster.directory.file("\(edge).note")
            try await cluster.eventually("the trainer is at work") { FileManager.default.fileExists(atPath: path) }
            return try #require(pid_t(try String(contentsOfFile: path, encoding: .utf8)))
        }

        @Test func aTrainerThatIsKilledAtWorkIsStartedAgainAndTheRoundGoesOn() async throws {
            let cluster = try await Cluster(edges: 2)
            try cluster.write("stubborn.py", Self.stubborn)
            for index in 0...1 { try writeEdge(cluster, index, script: cluster.directory.file("stubborn.py")) }
            try await cluster.startAll()
            try await apply(cluster, rounds: 2)
            for name in cluster.edgeNames { #expect(kill(try await process(cluster, name), SIGKILL) == 0) }
            let job = try await cluster.waitForJob()
            #expect(job.phase == .succeeded && job.completedRounds == 2, "\(cluster.logs)")
            #expect(job.rounds.allSatisfy { $0.contributors.count == 2 && $0.absent.isEmpty })
            #expect(job.rounds.map { $0.loss ?? 0 } == [1, 2])
            #expect(await cluster.stop() == [0, 0, 0])
        }

        @Test func anEdgeThatIsKilledLeavesNoTrainerBehind() async throws {
            let cluster = try await Cluster(edges: 2)
            try cluster.write("stubborn.py", Self.stubborn)
            for index in 0...1 { try writeEdge(cluster, index, script: cluster.directory.file("stubborn.py")) }
            try await cluster.startAll()
            try await apply(cluster, rounds: 1)
            let trainer = try await process(cluster, "edge-1")
            await cluster.killEdge("edge-1")
            try await cluster.eventually("the trainer is gone") { Self.isGone(trainer) }
            // Stopped in good order, an edge takes its trainer along too.
            let other = try await process(cluster, "edge-2")
            #expect(await cluster.stop() == [0, 0])
            #expect(Self.isGone(other))
        }

        /// Whether a process has ended, whoever has yet to wait for it.
        private static func isGone(_ process: pid_t) -> Bool {
            // `try?`: a process that is gone has no such file.
            guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
                return true
            }
            return status.split(separator: ")").last?.hasPrefix(" Z") == true
        }

        @Test func aTrainerWhoseFitFailsIsLeftOutWithItsMessage() async throws {
            let cluster = try await Cluster(edges: 2)
            try cluster.write(
                "failing.py",
                Self.stubborn.split(separator: "time.sleep(3600)").joined(
                    separator: "raise ValueError('no such layer')"))
            for index in 0...1 { try writeEdge(cluster, index, script: cluster.directory.file("failing.py")) }
            try await cluster.startAll()
            try await apply(cluster, rounds: 1)
            // The first round is refused by both, and asked again of clients that have stayed up.
            let job = try await cluster.waitForJob()
            #expect(job.phase == .succeeded, "\(cluster.logs)")
            #expect(cluster.logs.contains("the trainer's fit failed: ValueError: no such layer"))
            #expect(await cluster.stop() == [0, 0, 0])
        }

        /// An interpreter with PyTorch: that of `GEDGE_TORCH_PYTHON`, or of the benchmarks.
        private static let torch: String? =
            ProcessInfo.processInfo.environment["GEDGE_TORCH_PYTHON"] ?? Python.benchmark("torch", "torchvision", "zmq")

        /// Two files in CIFAR-10's Python format, of noise.
        private static let batches = """
            import pickle, sys
            import numpy as np

            for number, path in enumerate(sys.argv[1:]):
                random = np.random.default_rng(number)
                data = random.integers(0, 256, (16, 3072), dtype=np.uint8)
                with open(path, "wb") as file:
                    pickle.dump({b"data": data, b"labels": random.integers(0, 10, 16).tolist()}, file)
            """

        @Test(.enabled(if: torch != nil, "needs PyTorch, torchvision and pyzmq: set GEDGE_TORCH_PYTHON"))
        func efficientNetLearnsForARound() async throws {
            let cluster = try await Cluster(edges: 2)
            let python = try #require(Self.torch)
            let script = "\(Executables.root)/examples/python-client/efficientnet.py"
            let files = (1...2).map { cluster.directory.file("data_batch_\($0)") }
            try await Python.run(program: Self.batches, files)
            for index in 0...1 {
                try writeEdge(cluster, index, script: script, python: python, data: files[index])
            }
            try await cluster.startAll()
            try await apply(cluster, rounds: 1, optimizer: "learningRate: 0.01, batchSize: 8", deadline: 400)
            let job = try await cluster.waitForJob(timeout: "10m")
            #expect(job.phase == .succeeded, "\(cluster.logs)")
            let round = try #require(job.rounds.first)
            #expect(round.contributors.map(\.samples) == [16, 16] && round.absent.isEmpty)
            // 4,020,358 parameters and the statistics of the normalisations, packed on the way, from both.
            #expect(round.bytesFromEdges > 4 * 4_020_358)
            #expect(round.loss != nil && round.accuracy != nil)
            #expect(await cluster.stop() == [0, 0, 0])
        }
    }
}
