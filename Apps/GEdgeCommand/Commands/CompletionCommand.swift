/// `gedge completion`: for the shell.
enum CompletionCommand {
    static let command = Command(
        "completion", topic: .help, summary: "print the completion script of a shell",
        details: """
            bash:  source <(gedge completion bash)                  in ~/.bashrc
            zsh:   gedge completion zsh > ~/.zfunc/_gedge           with ~/.zfunc in fpath before compinit
            """,
        operands: [Operand(.choice(["bash", "zsh"], placeholder: "SHELL"), placeholder: "bash|zsh")]
    ) { invocation, context in
        let script =
            switch invocation.operands[0].lowercased() {
            case "zsh": ZshCompletion(table: context.table).script
            default: BashCompletion(table: context.table).script
            }
        try context.console.output.write(script)
        return .success
    }
}
