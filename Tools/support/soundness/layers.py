"""Who may import whom (docs/architecture.md), read from the sources and compared with Package.swift."""

import json
import re
import subprocess
from dataclasses import dataclass

from .tree import SwiftSource, Tree
from .violation import Violation

# Open to every module above them; the value is what each may import itself.
FOUNDATION = {"Core": set(), "Telemetry": {"Core"}, "Contracts": {"Core"}}

# Libraries without a service of their own; the value is the libraries each may import besides the foundation.
INFRASTRUCTURE = {
    "YAMLKit": set(),
    "MessageBus": set(),
    "Store": set(),
    "Tensor": set(),
    "Datasets": set(),
    "NeuralNet": {"Tensor", "Datasets"},
    "HTTPKit": set(),
}

# Modules that own a part of the platform and talk to one another over the bus only.
DOMAIN = {
    "Topology",
    "Placement",
    "DataSync",
    "FedLearn",
    "ModelOpt",
    "Inference",
    "ServiceDef",
    "VClusterProvision",
    "Workflow",
}

# Which modules may import a C library.
C_OWNERS = {
    "CZeroMQ": {"MessageBus"},
    "CCrypto": {"MessageBus", "DataSync"},
    "CSQLite": {"Store"},
    "CLinux": {"Core", "Store", "DaemonKit", "Topology"},
    "CKernels": {"Tensor", "DataSync"},
    "COpenBLAS": {"Tensor"},
    "COneDNN": {"NeuralNet"},
    "CLZ4": {"DataSync"},
    "CZstd": {"DataSync"},
    "CYAML": {"YAMLKit"},
    "CZlib": {"Datasets"},
    "CHwloc": {"Topology"},
    "CMicroHTTPD": {"HTTPKit"},
    "CCurl": {"HTTPKit"},
}

# The rooms of a module that may import a C library; a module not listed has `Native` alone.
C_ROOMS = {
    "Tensor": ("Native", "Kernels"),
    "MessageBus": ("Native", "Security"),  # keys are made, compared and wiped by the C libraries themselves
}

# Files outside those rooms that may, too: the loop that owns the sockets speaks ZeroMQ's options and flags.
C_FILES = {
    "MessageBus": ("Service/Bus+Enrolment", "Service/Switchboard"),
}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)"
)


@dataclass
class Target:
    name: str
    kind: str  # regular, executable, test, system
    path: str
    dependencies: set[str]


def load_targets(tree: Tree) -> list[Target]:
    """The package's targets, as SwiftPM itself reads the manifest."""
    command = ["swift", "package", "--package-path", str(tree.root), "dump-package"]
    dumped = subprocess.run(command, capture_output=True, text=True, check=False)
    if dumped.returncode != 0:
        raise RuntimeError(f"Package.swift cannot be read:\n{dumped.stderr.strip()}")
    return parse_targets(json.loads(dumped.stdout))


def parse_targets(package: dict) -> list[Target]:
    targets = []
    for target in package["targets"]:
        names = set()
        for dependency in target["dependencies"]:
            for kind in ("byName", "target", "product"):
                if kind in dependency:
                    names.add(dependency[kind][0])
        folder = {"test": "Tests", "executable": "Sources"}.get(target["type"], "Sources")
        path = target.get("path") or f"{folder}/{target['name']}"
        targets.append(Target(target["name"], target["type"], path, names))
    return targets


def imports(source: SwiftSource) -> list[tuple[int, str]]:
    found = []
    for number, line in enumerate(source.code, start=1):
        match = IMPORT.match(line)
        if match:
            found.append((number, match[1]))
    return found


def check(tree: Tree, targets: list[Target]) -> list[Violation]:
    violations = []
    by_name = {target.name: target for target in targets}
    owners = sorted(targets, key=lambda target: -len(target.path))
    used: dict[str, set[str]] = {target.name: set() for target in targets}
    for source in tree.swift:
        owner = next((target for target in owners if source.path.startswith(target.path + "/")), None)
        if owner is None:
            if source.path != "Package.swift" and not source.path.startswith(tree.nested_packages):
                message = "belongs to no target of Package.swift: add it to one, or remove it"
                violations.append(Violation(source.path, 1, "stray-file", message))
            continue
        for line, module in imports(source):
            if module in by_name:
                used[owner.name].add(module)
                if module not in owner.dependencies and module != owner.name:
                    message = f"imports {module}, which {owner.name} does not declare: add it to Package.swift"
                    violations.append(Violation(source.path, line, "undeclared-import", message))
            violations += arrows(source.path, line, owner, module, by_name)
    return violations + unused(tree, targets, by_name, used)


def arrows(path: str, line: int, owner: Target, module: str, by_name: dict[str, Target]) -> list[Violation]:
    """What the layers say of one import."""

    def wrong(rule: str, message: str) -> list[Violation]:
        return [Violation(path, line, rule, message)]

    area = path.split("/")[0]
    if module in ("Foundation", "FoundationNetworking") and area in ("Modules", "Apps"):
        return wrong("foundation", f"imports {module}: use FoundationEssentials and Glibc, which start fast and stay small")
    if module not in by_name or area not in ("Modules", "Apps"):
        return []
    if by_name[module].path.startswith("Modules/C/"):
        return c_arrow(path, line, owner, module)
    if by_name[module].path.startswith("Tests/"):
        return wrong("layer", f"{owner.name} imports {module}, which is for tests: move what it needs into a module")
    if area == "Apps":
        if owner.name != module and module in ("CoreCloud", "EdgeCloud", "GEdgeCommand") and owner.kind != "executable":
            return wrong("layer", f"{owner.name} imports {module}: applications do not know one another; use the bus")
        return []
    if owner.name in FOUNDATION:
        allowed = FOUNDATION[owner.name]
    elif owner.name in INFRASTRUCTURE:
        allowed = set(FOUNDATION) | INFRASTRUCTURE[owner.name]
    elif owner.name in DOMAIN:
        allowed = set(FOUNDATION) | set(INFRASTRUCTURE)
    else:
        return wrong("layer", f"{owner.name} has no layer: list it in Tools/support/soundness/layers.py")
    if module in allowed or module == owner.name:
        return []
    if owner.name in DOMAIN and module in DOMAIN:
        return wrong("layer", f"domain module {owner.name} imports {module}: ask it over the bus, in words of Contracts")
    return wrong("layer", f"{owner.name} may not import {module}: it may know {', '.join(sorted(allowed)) or 'nothing'}")


def c_arrow(path: str, line: int, owner: Target, module: str) -> list[Violation]:
    if owner.name not in C_OWNERS.get(module, set()):
        names = ", ".join(sorted(C_OWNERS.get(module, set()))) or "no module (list it in Tools/support/soundness/layers.py)"
        message = f"{owner.name} imports {module}, which belongs to {names}: use that module's Swift interface"
        return [Violation(path, line, "c-import", message)]
    rooms = C_ROOMS.get(owner.name, ("Native",))
    is_listed = path.removeprefix(owner.path + "/").startswith(C_FILES.get(owner.name, ()) or "/")
    if not is_listed and not any(room in path.split("/")[2:-1] for room in rooms):
        message = f"{module} may be imported in {owner.name}/{' or '.join(rooms)}/ only: move the call there"
        return [Violation(path, line, "c-import", message)]
    return []


def unused(tree: Tree, targets: list[Target], by_name: dict[str, Target], used: dict[str, set[str]]) -> list[Violation]:
    manifest = (tree.text("Package.swift") or "").split("\n") if "Package.swift" in tree.paths else []
    violations = []
    for target in targets:
        # Tests depend on executables to have them built, and every test target is given TestKit.
        needless = {
            name
            for name in target.dependencies - used[target.name]
            if target.kind != "test" or (name != "TestKit" and by_name[name].kind != "executable")
        }
        if needless and target.kind != "system":
            declaration = re.compile(rf'^[^"]*"{re.escape(target.name)}"')
            line = next((n for n, text in enumerate(manifest, start=1) if declaration.match(text)), 1)
            message = f"{target.name} declares {', '.join(sorted(needless))} without an import: remove the dependency"
            violations.append(Violation("Package.swift", line, "unused-dependency", message))
    return violations
