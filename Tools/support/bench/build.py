"""Builds what the chosen benchmarks need: Swift products in release, C peers with gcc."""

import subprocess
from pathlib import Path

from demo.build import BuildError, build as build_products

from .registry import Registry

DAEMONS = ["core-cloud", "edge-cloud", "gedge"]


def run(command: list[str], root: Path) -> None:
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")


def build(root: Path, registry: Registry, commands: list[list[str]]) -> dict[str, str]:
    """Builds what `commands`, and what they need, name, and returns what stands for {bin}, {peers}, {python} and {root} in them."""
    words = {
        "{bin}": str(root / ".build" / "release"),
        "{peers}": str(root / ".build" / "bench-peers"),
        "{python}": str(root / ".build" / "bench-venv" / "bin" / "python"),
        "{root}": str(root),
    }
    text = " ".join(word for command in commands for word in command)
    products = [name for name in registry.executables if "{bin}/" + name in text]
    if "{daemons}" in text:
        products += DAEMONS
    build_products(root, products)  # as Tools/run builds them, so that one build serves both
    words["{daemons}"] = words["{bin}"]
    for name, flags in registry.c_peers.items():
        if "{peers}/" + name in text:
            source, binary = root / "Benchmarks" / "peers" / f"{name}.c", Path(words["{peers}"]) / name
            binary.parent.mkdir(parents=True, exist_ok=True)
            if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
                run(["gcc", "-O2", "-o", str(binary), str(source), *flags], root)
    return words


def fill(command: list[str], words: dict[str, str]) -> list[str]:
    """`command` with the words in braces replaced."""
    filled = []
    for part in command:
        for word, value in words.items():
            part = part.replace(word, value)
        filled.append(part)
    return filled
