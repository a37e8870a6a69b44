import Core

/// What a command may use of the world around it.
struct Context: Sendable {
    let console: Console
    let environment: [String: String]
    let host: any Host
    let stateDirectory: StateLocation
    /// What `--timeout` says.
    let timeout: Duration?
    let table: CommandTable

    /// How long one question to the core may take.
    var callTimeout: Duration { timeout ?? .seconds(10) }
}
