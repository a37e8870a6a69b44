"""Proves that each rule catches a planted violation, at its line, and lets the lawful form pass."""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import calls, layers, swiftformat, text
from .tree import Tree
from .violation import Violation


@dataclass
class Case:
    rule: str
    path: str
    bad: str  # the violation stands on the line that holds BAD, or on `line`
    good: str
    line: int | None = None
    package: dict[str, set[str]] = field(default_factory=dict)  # what targets declare besides the defaults


def module(name: str, kind: str = "regular", path: str | None = None, uses: tuple[str, ...] = ()) -> dict:
    dependencies = [{"byName": [use, None]} for use in uses]
    return {"name": name, "type": kind, "path": path or f"Modules/{name}", "dependencies": dependencies}


def package(extra: dict[str, set[str]]) -> dict:
    targets = [
        module("Core"),
        module("Telemetry"),
        module("MessageBus"),
        module("Store"),
        module("Topology"),
        module("FedLearn"),
        module("CSQLite", "system", "Modules/C/CSQLite"),
        module("CLZ4", "system", "Modules/C/CLZ4"),
        module("TestKit", path="Tests/TestKit"),
        module("CoreCloud", path="Apps/CoreCloud"),
        module("EdgeCloud", path="Apps/EdgeCloud"),
        module("core-cloud", "executable", "Apps/core-cloud"),
        module("StoreTests", "test", "Tests/StoreTests"),
    ]
    for target in targets:
        target["dependencies"] += [{"byName": [name, None]} for name in sorted(extra.get(target["name"], ()))]
    return {"targets": targets}


CASES = [
    Case("layer", "Modules/FedLearn/a.swift", "import Topology // BAD", "import Core", package={"FedLearn": {"Topology", "Core"}}),
    Case("layer", "Modules/Core/a.swift", "@preconcurrency public import Telemetry // BAD", "import Glibc", package={"Core": {"Telemetry"}}),
    Case("layer", "Modules/Store/a.swift", "import struct FedLearn.Round // BAD", "import Core", package={"Store": {"FedLearn", "Core"}}),
    Case("layer", "Modules/Core/a.swift", "import TestKit // BAD", "let a = 1", package={"Core": {"TestKit"}}),
    Case("layer", "Apps/EdgeCloud/a.swift", "import CoreCloud // BAD", "import Core", package={"EdgeCloud": {"CoreCloud", "Core"}}),
    Case("c-import", "Modules/Store/Model/a.swift", "import CSQLite // BAD", "import Core", package={"Store": {"CSQLite", "Core"}}),
    Case("c-import", "Modules/Topology/Native/a.swift", "import CLZ4 // BAD", "import Core", package={"Topology": {"CLZ4", "Core"}}),
    Case("c-import", "Apps/CoreCloud/a.swift", "import CSQLite // BAD", "import Core", package={"CoreCloud": {"CSQLite", "Core"}}),
    Case("foundation", "Modules/Store/a.swift", "import Foundation // BAD", "import FoundationEssentials"),
    Case("undeclared-import", "Modules/Store/a.swift", "import Core // BAD", "import Glibc"),
    Case("undeclared-import", "Tests/StoreTests/a.swift", "@testable import Store // BAD", "import Testing"),
    Case("unused-dependency", "Package.swift", 'module("Store", ["Core"]), // BAD', "", package={"Store": {"Core"}}),
    Case("stray-file", "Modules/a.swift", "let a = 1 // BAD", ""),
    Case("force-try", "Modules/Core/a.swift", "let a = try! f() // BAD", 'let a = "try!" // try! in a comment'),
    Case("force-cast", "Apps/CoreCloud/a.swift", "let a = b as! Int // BAD", "let a = b as? Int"),
    Case("fatal-error", "Modules/Core/a.swift", 'fatalError("no") // BAD', 'preconditionFailure("no")'),
    Case("print", "Modules/Core/a.swift", "print(1) // BAD", "blueprint(1); out.print(1)"),
    Case("sleep", "Modules/Core/a.swift", "usleep(1) // BAD", "try await clock.sleep(for: pause)"),
    Case("bare-closure", "Modules/Core/a.swift", "let told = Mutex<(@Sendable () -> Void)?>(nil) // BAD", "let told = Mutex<Listener?>(nil)"),
    Case("loose-task", "Modules/Core/a.swift", "Task { work() } // BAD", "group.addTask { work() }"),
    Case("loose-task", "Modules/Core/a.swift", "Task.detached { } // BAD", "myTask { }"),
    Case("loose-task", "Modules/Core/a.swift", "Task(priority: .high) { } // BAD", "Task.isCancelled"),
    Case("unsafe-flags", "Package.swift", 'swiftSettings: [.unsafeFlags(["-Ounchecked"])] // BAD', ".define(x)"),
    Case("unchecked-sendable", "Modules/Core/a.swift", "final class A: @unchecked Sendable {} // BAD",
         "// Guarded by the mutex.\nfinal class A: @unchecked Sendable {}"),
    Case("nonisolated-unsafe", "Modules/Core/a.swift", "nonisolated(unsafe) var a = 1 // BAD",
         "nonisolated(unsafe) var a = 1  // one thread alone touches it"),
    Case("swallowed-error", "Modules/Core/a.swift", "\nlet a = try? f()\n", "// A missing file means the default.\nlet a = try? f()", line=2),
    Case("file-size", "Modules/Core/a.swift", "let a = 1\n" * 701, "let a = 1\n" * 500, line=701),
    Case("main-size", "Apps/core-cloud/main.swift", "\n" * 41, "\n" * 40, line=41),
    Case("machine-path", "docs/a.md", "see /home/someone/gedge BAD", "see /var/lib/gedge, $HOME/work/x and docs/home/x"),
    Case("machine-path", "Tools/a", "cd /work/tree # BAD", 'cd "$root/work/x"'),
    Case("host-name", "docs/a.md", "connect to build7.corp BAD", "connect to core.example.com"),
    Case("registry-host", "docs/a.md", "from pypi.org BAD", "from PyPI"),
    Case("unfinished", "Modules/Core/a.swift", "// TO" "DO: later BAD", "// mastodon"),
    Case("unfinished", "docs/a.md", "this is not imple" "mented BAD", "forever now"),
    Case("shell-syntax", "Tools/a", "#!/bin/bash\nif true; then\n", "#!/bin/bash\ntrue\n", line=3),
    Case("python-syntax", "Tools/a.py", "def f(:  # BAD", "def f(): pass"),
    Case("dead-link", "docs/a.md", "[a](missing.md) BAD", "[a](a.md) [b](https://example.com) [c](#here)"),
    Case("format", "Modules/Core/a.swift", "let a=1 // BAD\n", "let a = 1\n"),
]


def inspect(case: Case, content: str) -> list[Violation]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        file = root / case.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        (root / ".swift-format").write_text('{"version": 1, "indentation": {"spaces": 4}}')
        tree = Tree(root, [case.path])
        targets = layers.parse_targets(package(case.package))
        found = layers.check(tree, targets) + calls.check(tree) + text.check(tree, targets)
        if case.rule == "format":
            found += swiftformat.check(tree)
        return [violation for violation in found if violation.rule == case.rule and violation.path == case.path]


def run() -> int:
    problems = []
    for number, case in enumerate(CASES):
        label = f"case {number} ({case.rule})"
        expected = case.line or next(n for n, line in enumerate(case.bad.split("\n"), start=1) if "BAD" in line)
        found = inspect(case, case.bad)
        if not any(violation.line == expected and violation.is_error for violation in found):
            problems.append(f"{label}: nothing at line {expected} of {case.bad[:60]!r}; found {found}")
        if case.good and inspect(case, case.good):
            problems.append(f"{label}: the lawful {case.good[:60]!r} is refused")
    warned = inspect(Case("file-size", "Modules/Core/a.swift", "", ""), "let a = 1\n" * 501)
    if [violation.is_error for violation in warned] != [False]:
        problems.append(f"501 lines must be one warning, not {warned}")
    for problem in problems:
        print(f"soundness: self-test: {problem}", file=sys.stderr)
    rules = len({case.rule for case in CASES})
    print(f"soundness: self-test: {rules} rules, {len(CASES)} cases, {len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0
