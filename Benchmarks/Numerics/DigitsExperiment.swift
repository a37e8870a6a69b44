import Core
import Datasets
import NeuralNet
import Tensor

/// How near federated training comes to central training on the handwritten digits, over many seeds: what the settings of
/// the example job are chosen by. FedAvg without processes or network, otherwise as the platform does it.
struct DigitsExperiment {
    static let usage = """
        bench-numerics digits FILE [name=value…], with hidden=128 rounds=30 epochs=2 batch=8 rate=0.05 momentum=0.9 decay=0
               alpha=1 proportions=3,2,1 seeds=10
        """

    private let data: LabelledData
    private var settings: [String: String] = [
        "hidden": "128", "rounds": "30", "epochs": "2", "batch": "8", "rate": "0.05", "momentum": "0.9", "decay": "0",
        "alpha": "1", "proportions": "3,2,1", "seeds": "10",
    ]

    init(arguments: [String]) throws {
        guard let path = arguments.first else { throw Failure(code: "usage", message: "usage: \(Self.usage)") }
        for argument in arguments.dropFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, settings[parts[0]] != nil else {
                throw Failure(code: "usage", message: "'\(argument)' is not one of: \(Self.usage)")
            }
            settings[parts[0]] = parts[1]
        }
        guard let seeds = Int(settings["seeds", default: ""]), seeds >= 1 else {
            throw Failure(code: "usage", message: "seeds must be a whole number from 1")
        }
        data = try DatasetSource(path: path, scale: .factor(1.0 / 16), classes: 10).load()
    }

    private func numbers(_ name: String) throws -> [Double] {
        try settings[name, default: ""].split(separator: ",").map {
            guard let number = Double($0) else { throw Failure(code: "usage", message: "\(name) is no number: \($0)") }
            return number
        }
    }

    private func number(_ name: String) throws -> Double { try numbers(name).first ?? 0 }

    func run() throws {
        var gaps: [Double] = []
        var accuracies: [Double] = []
        for seed in 1...UInt64(try number("seeds")) {
            let (central, federated) = try compare(seed: seed)
            gaps.append(central - federated)
            accuracies.append(federated)
        }
        let mean = accuracies.reduce(0, +) / Double(accuracies.count)
        let worst = gaps.max() ?? 0
        print(
            """
            {"benchmark":"fedlearn.digits","variant":"mean federated accuracy","value":\(mean),"unit":"","worst":\(worst),\
            "below":\(gaps.count { $0 > 0.01 }),"of":\(gaps.count),"lowest":\(accuracies.min() ?? 0)}
            """)
    }

    /// Accuracies on the held-out fifth of central and of federated training.
    private func compare(seed: UInt64) throws -> (central: Double, federated: Double) {
        let (rest, heldOut) = try data.holdout(fraction: 0.2, seed: seed)
        let proportions = try numbers("proportions")
        let shares = try rest.split(
            into: proportions.count, by: .dirichlet(alpha: number("alpha"), proportions: proportions), seed: seed)
        let units = try [data.featureCount] + numbers("hidden").map { Int($0) } + [data.classCount]
        let rounds = Int(try number("rounds"))
        let optimizer = MomentumSGD(
            learningRate: Float(try number("rate")), momentum: Float(try number("momentum")),
            weightDecay: Float(try number("decay")))
        var options = TrainingOptions(
            epochs: Int(try number("epochs")), batchSize: Int(try number("batch")), optimizer: optimizer, seed: seed)
        let initial = try Network(units: units, seed: seed)

        var central = initial
        var long = options
        long.epochs *= rounds
        long.streams = ["baseline"]
        try central.train(on: rest, options: long)

        var global = initial
        var curve: [Double] = []
        for round in 1...rounds {
            let updates = try shares.enumerated().map { index, share in
                var local = global
                options.streams = ["digits", "\(round)", "edge-\(index + 1)"]
                try local.train(on: share, options: options)
                return local.parameters
            }
            try global.load(try average(updates, weights: shares.map { Float($0.count) / Float(rest.count) }))
            curve.append(try global.evaluate(on: heldOut).accuracy)
        }
        let (best, last) = (try central.evaluate(on: heldOut).accuracy, curve[rounds - 1])
        let sizes = shares.map { "\($0.count)" }.joined(separator: "+")
        print(
            """
            {"seed":\(seed),"sizes":"\(sizes)","central":\(best),"federated":\(last),\
            "byRound":[\(curve.map { "\(($0 * 1000).rounded() / 1000)" }.joined(separator: ","))]}
            """)
        return (best, last)
    }

    private func average(_ updates: [[NamedTensor]], weights: [Float]) throws -> [NamedTensor] {
        try updates[0].indices.map { index in
            var mean = try Tensor(zeros: updates[0][index].tensor.shape)
            mean.withUnsafeMutableBufferPointer { values in
                Kernels.weightedSum(
                    into: values, sources: updates.map { $0[index].tensor.storage.bytes }, weights: weights)
            }
            return NamedTensor(name: updates[0][index].name, tensor: mean)
        }
    }
}
