import Contracts
import Core

@testable import Placement

extension PlacementRequest {
    static func make(
        _ job: String = "job", group: String = "group", minimum: Int = 1, maximum: Int? = nil, rounds: Int = 10,
        spec: PlacementSpec = PlacementSpec(), submitted: Int64 = 0
    ) throws -> PlacementRequest {
        PlacementRequest(
            job: try Name(job), jobUID: "uid-\(job)", group: try Name(group), declaredType: nil,
            dataset: try Name("digits"), memory: 64_000_000, modelBytes: 10_000, features: 64, classes: 10,
            allowedEdges: nil, minimumEdges: minimum, maximumEdges: maximum,
            workload: TrainingWorkload(
                trainingType: .federated, model: "perceptron", parameters: 10_000, features: 64, batchSize: 32,
                localEpochs: 1), rounds: rounds, spec: spec, submitted: Timestamp(milliseconds: submitted))
    }
}

extension PlacementContext {
    static func make(
        _ sites: [Site], links: [LinkState] = [], now: Int64 = 1_000_000, quotas: [Name: GroupQuota] = [:]
    ) throws -> PlacementContext {
        let time = Timestamp(milliseconds: now)
        return PlacementContext(
            topology: TopologySnapshot(time: time, sites: sites, links: links), now: time, quotas: quotas,
            classifier: TrainingTypeClassifier(try .shipped()))
    }
}

extension Site {
    static func make(
        _ name: String, phase: SitePhase = .ready, threads: Int = 2, cpu: Double = 0.5, memory: Int64 = 1 << 30,
        dataset: String = "digits", features: Int = 64, classes: Int = 10, samples: Int = 100,
        labels: [String: String] = [:], taints: [Taint]? = nil, gpus: Int = 0, cordon: Cordon? = nil
    ) throws -> Site {
        Site(
            name: try Name(name), phase: phase,
            report: SiteReport(
                hardware: Hardware(
                    hostname: name, architecture: "x86_64", processor: "test", threads: threads, memory: 1 << 34),
                datasets: [
                    DatasetSummary(name: try Name(dataset), samples: samples, features: features, classes: classes)
                ],
                load: LoadReport(cpu: cpu, availableMemory: memory, freeDisk: 1 << 33, resident: 1 << 24),
                labels: labels, version: "test", taints: taints,
                allocatable: Allocatable(
                    milliCPUs: threads * 1000, memory: 1 << 34, gpus: gpus,
                    domains: [.init(numaNode: 0, threads: threads, memory: 1 << 34, gpus: gpus)], allowsExclusive: true)
            ),
            joined: Timestamp(milliseconds: 0), lastSeen: Timestamp(milliseconds: 0), cordon: cordon)
    }
}
