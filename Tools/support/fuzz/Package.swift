// swift-tools-version:6.2
import PackageDescription

/// The libFuzzer target that `Tools/fuzz` builds. A package of its own, because libFuzzer brings the program's `main` and
/// every module below must be built with its instrumentation.
let package = Package(
    name: "GEdgeFuzz",
    dependencies: [.package(name: "GEdge", path: "../../..")],
    targets: [
        .executableTarget(
            name: "fuzz-frames", dependencies: [.product(name: "MessageBus", package: "GEdge")],
            swiftSettings: [.unsafeFlags(["-parse-as-library"])])
    ]
)
