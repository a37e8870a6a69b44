"""Runs ours and theirs in turn and pairs what they print."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .build import fill
from .registry import Benchmark


class MeasureError(Exception):
    """A command failed, timed out, or printed what is not a measurement."""


@dataclass
class Series:
    unit: str = ""
    values: list[float] = field(default_factory=list)
    peer_values: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Key:
    """What a measurement is of. `peer` is set by a command that measures a peer itself, right beside ours."""

    benchmark: str
    variant: str
    peer: str | None = None


def run_once(command: list[str], root: Path, timeout: float) -> dict[Key, tuple[float, str, float | None]]:
    """The measurements one run prints: value, unit and, where it measured a peer itself, the peer's value."""
    label = " ".join(command)
    try:
        done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)
    except OSError as error:
        raise MeasureError(f"{label} cannot be started: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise MeasureError(f"{label} took more than {timeout:.0f} s") from error
    if done.returncode != 0:
        raise MeasureError(f"{label} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found = {}
    for line in done.stdout.splitlines():
        if not line.startswith("{"):
            continue
        try:
            record = json.loads(line)
            key = Key(record["benchmark"], record.get("variant", ""), record.get("peer"))
            peer_value = None if key.peer is None else float(record["peerValue"])
            found[key] = (float(record["value"]), record["unit"], peer_value)
        except (ValueError, KeyError, TypeError) as error:
            raise MeasureError(f"{label} printed {line!r}, which is no measurement: {error}") from error
    if not found:
        raise MeasureError(f"{label} printed no measurement")
    return found


def progress(text: str) -> None:
    """Replaces the line in progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(benchmark: Benchmark, words: dict[str, str], root: Path, runs: int) -> list[dict]:
    """One row per variant and peer. `value` is the median; `ratio` is the median of the runs' own ratios, so that it
    holds while the machine's speed drifts; above 1 means ours is better."""
    sides = [("", benchmark.command)] + [(peer.name, peer.command) for peer in benchmark.peers]
    series: dict[str, dict[Key, Series]] = {side: {} for side, _ in sides}
    for number in range(runs):
        progress(f"bench: {benchmark.name}: run {number + 1} of {runs}")
        for side, command in sides:
            for key, (value, unit, peer_value) in run_once(fill(command, words), root, benchmark.timeout).items():
                entry = series[side].setdefault(key, Series(unit))
                entry.values.append(value)
                if peer_value is not None:
                    entry.peer_values.append(peer_value)
    progress("")
    rows = []
    for key, ours in series[""].items():
        name, variant = key.benchmark, key.variant
        if key.peer is not None:
            rows.append(row(benchmark, name, variant, ours, key.peer, ours.peer_values))
            continue
        rivals = [(peer.name, series[peer.name].get(key)) for peer in benchmark.peers]
        rows += [row(benchmark, name, variant, ours, peer, theirs.values) for peer, theirs in rivals if theirs]
        limit = benchmark.limit_of(variant)
        if limit is not None:
            rows.append(row(benchmark, name, variant, ours, "limit", [limit] * len(ours.values)))
        elif not any(theirs for _, theirs in rivals):
            rows.append(row(benchmark, name, variant, ours, None, []))
    return rows


def row(benchmark: Benchmark, name: str, variant: str, ours: Series, peer: str | None, theirs: list[float]) -> dict:
    ratios = [
        (their / our if benchmark.is_lower_better else our / their)
        for our, their in zip(ours.values, theirs)
        if our and their
    ]
    return {
        "benchmark": name,
        "variant": variant,
        "value": median(ours.values),
        "unit": ours.unit,
        "peer": peer,
        "peerValue": median(theirs) if theirs else None,
        "ratio": round(median(ratios), 3) if ratios else None,
        "runs": len(ours.values),
        "min": min(ours.values),
        "max": max(ours.values),
    }
