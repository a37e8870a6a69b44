public import Core

extension FedLearnContract {
    /// Core to edge: offer your share of a data set, if your rules let it go. Asking again is harmless.
    public static let gather = Call<GatherOrder, GatherOffer>("fedlearn.gather", lane: .model, audience: .core)
}

/// What a job whose data comes to the core asks of an edge.
public struct GatherOrder: Codable, Sendable, Hashable {
    public var reference: RoundReference
    public var dataset: Name
    /// What the data set is called in policies.
    public var name: DatasetName
    public var features: Int
    public var classes: Int
    /// The job's own policy; the training type's when it names none.
    public var sync: Name?

    public init(
        reference: RoundReference, dataset: Name, name: DatasetName, features: Int, classes: Int, sync: Name? = nil
    ) {
        self.reference = reference
        self.dataset = dataset
        self.name = name
        self.features = features
        self.classes = classes
        self.sync = sync
    }

    /// What so many samples consist of.
    public func tensors(samples: Int) -> [TensorSpec] {
        [
            TensorSpec(name: "features", shape: [samples, features]), TensorSpec(name: "labels", shape: [samples]),
        ]
    }

    /// What the data is, in the words of policies.
    public var tags: TransferTags {
        TransferTags(
            artefact: .rawData, workload: .centralised, job: reference.job, policy: sync, dataset: name)
    }
}

public struct GatherOffer: Codable, Sendable, Hashable {
    /// Of two tensors: `features`, [samples, features], and `labels`, [samples].
    public var manifest: Digest
    public var samples: Int

    public init(manifest: Digest, samples: Int) {
        self.manifest = manifest
        self.samples = samples
    }
}
