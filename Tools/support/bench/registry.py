"""Reads Benchmarks/registry.json: what can be measured, with which commands, against which peers."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

# Bytes of the registry's words that a mistake can be near to.
FIELDS = {"name", "summary", "better", "command", "needs", "peers", "limit", "runs", "timeout"}


class RegistryError(Exception):
    """The registry does not say what it must; the message names the entry."""


@dataclass(frozen=True)
class Peer:
    name: str
    command: list[str]


@dataclass(frozen=True)
class Benchmark:
    """`command`, which itself starts what `needs` names beside it, and each peer's print JSON lines `{"benchmark", "variant", "value", "unit"}`; lines are paired by
    benchmark and variant. `limit` is a bound by variant (or one for all), shown as the peer `limit`."""

    name: str
    summary: str
    is_lower_better: bool
    command: list[str]
    needs: list[str]
    peers: tuple[Peer, ...]
    limit: dict[str, float] | float | None
    runs: int | None
    timeout: float

    def limit_of(self, variant: str) -> float | None:
        return self.limit.get(variant) if isinstance(self.limit, dict) else self.limit


@dataclass(frozen=True)
class Registry:
    executables: list[str]  # Swift products, built in release
    c_peers: dict[str, list[str]]  # Benchmarks/peers/NAME.c and the flags it is compiled and linked with
    benchmarks: list[Benchmark]


def load(root: Path) -> Registry:
    path = root / "Benchmarks" / "registry.json"
    try:
        data = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise RegistryError(f"{path}: {error}") from error
    return Registry(
        executables=data["executables"],
        c_peers=data["cPeers"],
        benchmarks=[parse(entry) for entry in data["benchmarks"]],
    )


def parse(entry: dict) -> Benchmark:
    name = entry.get("name", "an entry without a name")
    unknown = set(entry) - FIELDS
    if unknown:
        raise RegistryError(f"Benchmarks/registry.json: {name}: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(FIELDS))}")
    if not re.fullmatch(r"[a-z]+(\.[a-z-]+)+", name):
        raise RegistryError(f"Benchmarks/registry.json: {name}: a name is module.subject, such as bus.roundtrip")
    if entry.get("better") not in ("lower", "higher"):
        raise RegistryError(f"Benchmarks/registry.json: {name}: better is 'lower' or 'higher'")
    return Benchmark(
        name=name,
        summary=entry["summary"],
        is_lower_better=entry["better"] == "lower",
        command=entry["command"],
        needs=entry.get("needs", []),
        peers=tuple(Peer(peer["name"], peer["command"]) for peer in entry.get("peers", [])),
        limit=entry.get("limit"),
        runs=entry.get("runs"),
        timeout=entry.get("timeout", 300),
    )
