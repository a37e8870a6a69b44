"""Rows for a person."""

import os
import platform
import subprocess
from datetime import date
from pathlib import Path

HEADERS = ["BENCHMARK", "VARIANT", "VALUE", "UNIT", "PEER", "PEER VALUE", "RATIO", "RUNS", "MIN", "MAX"]


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def cells(row: dict) -> list[str]:
    return [
        row["benchmark"], row["variant"] or "-", number(row["value"]), row["unit"], row["peer"] or "-",
        number(row["peerValue"]), number(row["ratio"]), str(row["runs"]), number(row["min"]), number(row["max"]),
    ]


def render(rows: list[dict]) -> str:
    lines = [HEADERS] + [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADERS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown(rows: list[dict]) -> str:
    """The table as a page of the documentation holds it, with what it was measured on."""
    lines = [f"Measured {date.today().isoformat()} on {machine()}; {versions()}.", ""]
    lines += [f"| {' | '.join(header.lower() for header in HEADERS)} |", "|" + "---|" * len(HEADERS)]
    return "\n".join(lines + [f"| {' | '.join(cells(row))} |" for row in rows])


def versions() -> str:
    """Of the compiler and of every peer that Python brings."""
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    pinned = Path(__file__).resolve().parents[2] / "requirements-bench.txt"
    peers = [line.replace("==", " ") for line in pinned.read_text().splitlines() if "==" in line]
    return ", ".join([swift.split(" (")[0].strip(), *peers])


def machine() -> str:
    """What the figures were measured on."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} threads, {memory:.0f} GiB, Linux {platform.release()}"
