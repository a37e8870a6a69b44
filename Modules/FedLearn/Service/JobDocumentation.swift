import Core

/// What `gedge explain job.spec…` says.
enum JobDocumentation {
    private static let fields: [(path: String, text: String)] = [
        ("apiVersion", "gedge/v1"),
        ("kind", "TrainingJob"),
        ("metadata.group", "name; with project, where the models go: {group}/{project}/{round}"),
        ("metadata.project", "name; belongs to one job at a time"),
        ("metadata.name", "name; 1 to 63 of a-z, 0-9 and '-', unique among jobs"),
        ("metadata.labels", "map of strings; yours to use"),
        (
            "spec.trainingType",
            "federated, transfer, centralised or, with spec.environment, reinforcement; classified from the rest and from the policies "
                + "when left out"
        ),
        (
            "spec.transfer.base",
            "the model to start from, {group}/{project}/{round}; other layers than its own begin anew"
        ),
        (
            "spec.transfer.frozen",
            "list of layers (dense0) or tensors (dense0.weight) that stay as they are in base; default all but the last layer"
        ),
        (
            "spec.model.kind",
            "softmax (no hidden layer), perceptron (ReLU), lenet-5, resnet-20, mobilenet-v2, layers, or external "
                + "(a trainer beside each edge knows it, see docs/python.md)"
        ),
        ("spec.model.hidden", "list of integers; units of each hidden layer of a perceptron"),
        (
            "spec.model.personal",
            "list of layers (dense1) or tensors (dense1.weight) that each edge keeps to itself and trains on; default none"
        ),
        (
            "spec.model.input",
            "list of integers; channels, height and width of an image, or features; default a square image"
        ),
        (
            "spec.model.layers.kind",
            "convolution, dense, batch-norm, layer-norm, relu, relu6, max-pool, average-pool, global-average-pool, "
                + "dropout, flatten or residual; the last layer has an output for each class"
        ),
        ("spec.model.layers.outputs", "integer; channels of a convolution, units of a dense layer"),
        ("spec.model.layers.kernel", "integer; height and width of a convolution's or a pooling's window"),
        ("spec.model.layers.stride", "integer; default 1 for a convolution, the kernel for a pooling"),
        ("spec.model.layers.padding", "integer; default 0"),
        ("spec.model.layers.groups", "integer; of a convolution, as many as channels for a depthwise one; default 1"),
        ("spec.model.layers.bias", "boolean; of a convolution or a dense layer; default true"),
        ("spec.model.layers.rate", "number, 0 to below 1; share of values that a dropout drops in training"),
        ("spec.model.layers.body", "list of layers; of a residual block"),
        ("spec.model.layers.shortcut", "list of layers; of a residual block, default what went in"),
        ("spec.data", "left out for a job with spec.environment"),
        ("spec.data.dataset", "name under which each edge registered its own share of the data"),
        ("spec.data.features", "integer; numbers per sample; left out for an external model"),
        ("spec.data.classes", "integer; labels are 0 to classes - 1; left out for an external model"),
        ("spec.rounds", "integer, 1 to 100000; may be raised later, and the job goes on"),
        (
            "spec.target.accuracy",
            "number, above 0 to 1; the job ends with the first round that reaches it; may be changed later"
        ),
        ("spec.target.loss", "number; as accuracy, but at most; with both, both have to hold"),
        ("spec.target.meanReturn", "number; as accuracy, of a job with spec.environment"),
        ("spec.optimizer.kind", "sgd (with momentum; default), adam (default with spec.environment) or adamw"),
        (
            "spec.optimizer.learningRate",
            "number; default 0.05, or 0.001 for adam and adamw (0.003 with spec.environment)"
        ),
        ("spec.optimizer.momentum", "number, 0 to below 1; of sgd; default 0.9"),
        ("spec.optimizer.nesterov", "boolean; of sgd; default false"),
        (
            "spec.optimizer.schedule.kind",
            "constant, step or cosine (over all rounds); how the rate changes from round to round"
        ),
        ("spec.optimizer.schedule.every", "integer; rounds after which step multiplies the rate by factor; default 10"),
        ("spec.optimizer.schedule.factor", "number, above 0 to 1; default 0.5"),
        ("spec.optimizer.schedule.floor", "number, 0 to 1; the share of the rate at which cosine ends; default 0"),
        ("spec.optimizer.schedule.warmUp", "integer; rounds over which the rate rises at the beginning; default 0"),
        ("spec.optimizer.weightDecay", "number, 0 to 1; L2 penalty; default 0"),
        ("spec.optimizer.batchSize", "integer; samples per step; default 32 (128 with spec.environment)"),
        (
            "spec.optimizer.localEpochs",
            "integer; passes over an edge's data per round; default 1 (6 with spec.environment)"
        ),
        ("spec.clients.minimum", "integer; a round with fewer updates is repeated; default 1"),
        ("spec.clients.maximum", "integer; the most edges a round asks; default all that are eligible"),
        (
            "spec.clients.fraction",
            "number, above 0 to 1; share of the eligible edges that a round asks, drawn anew each round from the seed; default all"
        ),
        (
            "spec.clients.overselect",
            "number, above 1 to 10; asks so many times as many edges as a round needs, and closes once those have come; default 1"
        ),
        ("spec.clients.edges", "list of names; only these edges; default any"),
        ("spec.clients.maximumSamples", "integer; an edge that claims more is left out of the round; default no bound"),
        (
            "spec.clients.maximumNormRatio",
            "number; an update this many times as large as the others (the median of their norms) is left out; default 100"
        ),
        (
            "spec.compression.kind",
            "none (default), fp16, bfloat16, int8 (with error feedback), top-k (with residuals) or auto (none or int8, by what "
                + "moving the last round's updates took): how "
                + "updates are made smaller on their way to the core"
        ),
        ("spec.compression.fraction", "number, above 0 to 1; share of each tensor that top-k sends; default 0.01"),
        ("spec.privacy.clip", "number; the longest that an update's change counts for, its norm over the whole model"),
        (
            "spec.privacy.noise",
            "number; standard deviation of the noise on the sum of the changes, in multiples of clip; more is more private"
        ),
        (
            "spec.privacy.adaptive.quantile",
            "number, 0 to 1; lets clip follow the length that this share of the updates does not pass; default 0.5"
        ),
        ("spec.privacy.adaptive.rate", "number, 0 to 1; how fast it follows; default 0.2"),
        ("spec.privacy.delta", "number, 0 to 1; the chance for which epsilon does not hold; default 0.00001"),
        ("spec.privacy.maximumEpsilon", "number; a job whose rounds would spend more is refused; default no bound"),
        (
            "spec.evaluation.dataset",
            "name of a data set at the core that no edge trains on; each round is judged on it"
        ),
        ("spec.evaluation.baseline", "name of a data set at the core; the same model is trained on it for comparison"),
        ("spec.roundDeadlineSeconds", "number; a round closes then with what came; default 60"),
        (
            "spec.sync",
            "name of the SyncPolicy under which its models and updates move; default the one of the training type"
        ),
        ("spec.placement.policy", "fastest (the least predicted time; default) or two-level (the seeds' formula)"),
        (
            "spec.placement.priority",
            "integer, -1000 to 1000; higher ones go first and make lower ones give way; default 0"
        ),
        ("spec.placement.resources.cpus", "hardware threads a worker asks, such as 2 or 500m; default 250m"),
        ("spec.placement.resources.memory", "memory a worker asks, such as 2GiB; default by the model's size"),
        ("spec.placement.resources.gpus", "integer; GPUs a worker asks; default 0"),
        (
            "spec.placement.resources.exclusive",
            "boolean; the CPUs are whole hardware threads of its own; default false"
        ),
        ("spec.placement.select", "map of strings; labels that an edge must have"),
        ("spec.placement.prefer", "map of strings; labels for which an edge may be a tenth slower"),
        ("spec.placement.apartFrom", "list of names; jobs on whose edges this one does not run"),
        ("spec.placement.spread.label", "a label of edges"),
        ("spec.placement.spread.most", "integer; the most edges with the same value of that label"),
        ("spec.placement.tolerations", "list of key and value; taints that do not keep the job away"),
        (
            "spec.placement.finishWithinSeconds",
            "number; when it should have ended, from its creation; fewer edges if need be"
        ),
        ("spec.seed", "integer; same seed and same machine kind, same result; default 0"),
    ]

    /// Of jobs that learn in an environment.
    private static let reinforcement: [(path: String, text: String)] = [
        (
            "spec.environment.kind",
            "cartpole (a pole on a cart) or gridworld (cells, walls and a goal); see docs/reinforcement.md"
        ),
        ("spec.environment.maximumSteps", "integer; an episode is cut off then; default 500, of a gridworld 200"),
        (
            "spec.environment.map",
            "of gridworld: list of rows from the top, of S (start), G (goal), # (wall) and . (free); default five by five"
        ),
        ("spec.environment.stepReward", "of gridworld: number; of a step that does not reach the goal; default -0.01"),
        ("spec.environment.goalReward", "of gridworld: number; of the step that does; default 1"),
        ("spec.environment.slip", "of gridworld: number, 0 to 1; how often a step goes astray to a side; default 0"),
        ("spec.reinforcement.steps", "integer; steps that an edge acts in a round; default 2048"),
        ("spec.reinforcement.environments", "integer; how many an edge acts in side by side; default 4"),
        ("spec.reinforcement.discount", "number, 0 to 0.9999; what a reward a step later counts for; default 0.99"),
        ("spec.reinforcement.lambda", "number, 0 to 1; how far advantages look past estimated values; default 0.95"),
        ("spec.reinforcement.clip", "number; how far probabilities may move in a round, as a share; default 0.2"),
        ("spec.reinforcement.entropy", "number; what the policy's entropy counts for; default 0.01"),
        ("spec.reinforcement.valueWeight", "number; what the error of the values counts for; default 0.5"),
        ("spec.reinforcement.maximumGradientNorm", "number; a longer gradient is shortened; default 0.5"),
        ("spec.reinforcement.evaluationEpisodes", "integer; on which the core judges each round; default 100"),
    ]

    /// The fields below `path`, one per line.
    /// - Throws: `FedLearnError` `not-found` with the nearest field there is.
    static func text(for path: [String], strategies: StrategyCatalogue = .standard) throws -> String {
        let prefix = path.joined(separator: ".")
        let fields = fields + reinforcement + strategies.documentation
        let matches = fields.filter { field in
            prefix.isEmpty || field.path == prefix || [".", "="].contains { field.path.hasPrefix(prefix + $0) }
        }
        guard !matches.isEmpty else {
            let hint = NearestName.hint(for: prefix, among: fields.map(\.path), noun: "fields")
            throw FedLearnError("not-found", "a TrainingJob has no field '\(prefix)'\(hint)")
        }
        let width = (matches.map(\.path.count).max() ?? 0) + 2
        let lines = matches.map { $0.path + String(repeating: " ", count: width - $0.path.count) + $0.text }
        return "KIND: TrainingJob\n\n" + lines.joined(separator: "\n") + "\n"
    }
}
