// swift-tools-version:6.2
import PackageDescription

/// Settings of every Swift target: Swift 6, warnings are errors, explicit existentials and imports.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// A system library: its module map and shim live in `Modules/C/<name>`.
func system(_ name: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Modules/C/\(name)", providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [String], resources: [Resource]? = nil) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "Modules/\(name)",
        resources: resources, swiftSettings: strict)
}

func app(_ name: String, _ dependencies: [String]) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "Apps/\(name)",
        swiftSettings: strict)
}

func executable(_ name: String, _ dependencies: [String], path: String? = nil) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, path: path ?? "Apps/\(name)",
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [String], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: name, dependencies: (dependencies + ["TestKit"]).map { .byName(name: $0) }, path: "Tests/\(name)",
        resources: resources, swiftSettings: strict)
}

let foundation = ["Core", "Telemetry", "Contracts"]
let service = foundation + ["MessageBus", "Store"]

let modules: [Target] = [
    module("Core", ["CLinux"]),
    module("Telemetry", ["Core"]),
    module("Contracts", ["Core"]),
    module("YAMLKit", ["CYAML", "Core"]),
    module("MessageBus", foundation + ["CZeroMQ", "CCrypto"]),
    module("Store", ["Core", "Telemetry", "CSQLite", "CLinux"]),
    module("Tensor", ["Core", "COpenBLAS", "CKernels"]),
    module("NeuralNet", ["Core", "Tensor", "Datasets", "COneDNN"]),
    module("Datasets", ["Core", "CZlib"]),
    module("HTTPKit", ["Core", "Telemetry", "CCurl"]),
    module("Topology", service + ["CHwloc"]),
    module("Placement", service, resources: [.embedInCode("Engine/Rules")]),
    module(
        "DataSync", service + ["HTTPKit", "CLZ4", "CZstd", "CKernels", "CCrypto", "YAMLKit"],
        resources: [.embedInCode("Policy/Shipped")]),
    module("FedLearn", service + ["Tensor", "NeuralNet", "Datasets", "YAMLKit"]),
]

let package = Package(
    name: "GEdge",
    products: modules.map { .library(name: $0.name, targets: [$0.name]) } + [
        .executable(name: "core-cloud", targets: ["core-cloud"]),
        .executable(name: "edge-cloud", targets: ["edge-cloud"]),
        .executable(name: "gedge", targets: ["gedge"]),
    ],
    targets: modules + [
        .target(name: "CKernels", path: "Modules/C/CKernels"),
        system("CZeroMQ", apt: "libzmq3-dev"),
        system("CSQLite", apt: "libsqlite3-dev"),
        system("CHwloc", apt: "libhwloc-dev"),
        system("CLinux", apt: "libc6-dev"),
        system("COpenBLAS", apt: "libopenblas-dev"),
        system("COneDNN", apt: "libdnnl-dev"),
        system("CLZ4", apt: "liblz4-dev"),
        system("CCurl", apt: "libcurl4-openssl-dev"),
        system("CZstd", apt: "libzstd-dev"),
        system("CYAML", apt: "libyaml-dev"),
        system("CZlib", apt: "zlib1g-dev"),
        system("CCrypto", apt: "libssl-dev"),

        app("CoreCloud", service + ["DaemonKit", "Topology", "Placement", "DataSync", "FedLearn"]),
        app("EdgeCloud", service + ["DaemonKit", "Topology", "DataSync", "FedLearn"]),
        app(
            "GEdgeCommand",
            foundation + ["MessageBus", "YAMLKit", "Datasets", "NeuralNet", "Placement", "Topology", "FedLearn"]),
        executable("core-cloud", ["CoreCloud"]),
        executable("edge-cloud", ["EdgeCloud"]),
        executable("gedge", ["GEdgeCommand"]),

        app(
            "DaemonKit",
            service + ["YAMLKit", "Datasets", "FedLearn", "CLinux"]),

        tests("DaemonKitTests", ["Core", "DaemonKit", "EdgeCloud", "Telemetry", "Topology"]),
        tests("TopologyTests", service + ["Topology"], resources: [.copy("Machine/Data")]),
        tests("PlacementTests", service + ["Placement"], resources: [.copy("Batch/golden.json")]),
        tests(
            "FedLearnTests",
            service + ["FedLearn", "DataSync", "Datasets", "NeuralNet", "Tensor", "YAMLKit"]),
        tests("EndToEndTests", ["Contracts", "Core", "core-cloud", "edge-cloud", "gedge"]),
        tests("CoreTests", ["Core"]),
        tests("GEdgeCommandTests", foundation + ["GEdgeCommand", "MessageBus"]),
        tests("TensorTests", ["Core", "Tensor"]),
        executable(
            "archive-crasher", ["DataSync", "HTTPKit", "Store", "Core", "Telemetry"],
            path: "Tests/Support/archive-crasher"),
        tests(
            "ArchiveTests",
            ["Contracts", "Core", "DataSync", "HTTPKit", "MessageBus", "Store", "Telemetry", "archive-crasher"]),
        tests("HTTPKitTests", ["Core", "HTTPKit", "Telemetry"]),
        tests("DatasetsTests", ["Core", "Datasets", "CZlib"]),
        tests("NeuralNetTests", ["Core", "Tensor", "Datasets", "NeuralNet"], resources: [.copy("Data")]),
        executable(
            "bench-shards", ["DataSync", "Store", "Contracts", "Core", "Telemetry"], path: "Benchmarks/ShardStore"),
        executable("bench-bus", ["MessageBus", "Contracts", "Core"], path: "Benchmarks/Bus"),
        executable(
            "datasync-node", ["DataSync", "MessageBus", "Store", "Contracts", "Core", "Telemetry"],
            path: "Benchmarks/DataSyncNode"),
        executable("bench-topology", service + ["Topology"], path: "Benchmarks/Topology"),
        executable("bench-numerics", ["Core", "Tensor", "Datasets", "NeuralNet"], path: "Benchmarks/Numerics"),
        executable(
            "bench-datasync", ["DataSync", "Core", "Tensor", "Datasets", "NeuralNet"], path: "Benchmarks/DataSync"),
        executable(
            "bench-prediction", ["Placement", "NeuralNet", "Datasets", "Contracts", "Core"],
            path: "Benchmarks/Prediction"),
        tests("TelemetryTests", ["Core", "Telemetry"]),
        tests("YAMLKitTests", ["Core", "YAMLKit"]),
        .target(
            name: "TestKit", dependencies: ["Core"], path: "Tests/TestKit", swiftSettings: strict),
        executable(
            "bus-target", ["MessageBus", "Contracts", "Core", "Telemetry"], path: "Tests/Support/bus-target"),
        executable(
            "bus-endurance", ["MessageBus", "Contracts", "Core", "Telemetry"], path: "Tests/Support/bus-endurance"),
        executable(
            "datasync-crasher", ["DataSync", "MessageBus", "Store", "Contracts", "Core", "Telemetry"],
            path: "Tests/Support/datasync-crasher"),
        executable("store-crasher", ["Store", "Core", "Telemetry"], path: "Tests/Support/store-crasher"),
        tests(
            "MessageBusTests",
            ["MessageBus", "Contracts", "Core", "Telemetry", "CZeroMQ", "bus-target", "bus-endurance"],
            resources: [.copy("Wire/vectors.json")]),
        tests("SyncPolicyTests", service + ["DataSync", "YAMLKit"]),
        tests("StoreTests", ["Store", "Core", "Telemetry", "store-crasher"]),
        tests(
            "DataSyncTests",
            ["DataSync", "MessageBus", "Store", "Contracts", "Core", "Telemetry", "datasync-crasher"],
            resources: [.copy("Codec/vectors.json")]),
    ]
)
