"""`swift format lint --strict`, with the repository's .swift-format."""

import re
import subprocess

from .tree import Tree
from .violation import Violation

FINDING = re.compile(r"^(?P<path>.+?):(?P<line>\d+):\d+: (?:error|warning): (?P<message>.*)$")


def check(tree: Tree) -> list[Violation]:
    paths = [path for path in tree.paths if path.endswith(".swift")]
    if not paths:
        return []
    command = ["swift", "format", "lint", "--strict", "--parallel", *paths]
    linted = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    found = []
    for line in linted.stderr.split("\n"):
        match = FINDING.match(line)
        if match:
            path = match["path"].removeprefix(f"{tree.root}/")
            message = f"{match['message']}: run `swift format -i {path}`"
            found.append(Violation(path, int(match["line"]), "format", message))
    if linted.returncode != 0 and not found:
        raise RuntimeError(f"swift format failed:\n{linted.stderr.strip()}")
    return found
