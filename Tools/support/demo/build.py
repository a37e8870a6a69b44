"""Builds release executables, with a bar on a terminal and what failed when something did."""

import os
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

COMMAND = ["swift", "build", "-c", "release", "--static-swift-stdlib"]
STEP = re.compile(r"^\[(\d+)/(\d+)\] (.*)")
BAR = 30


class BuildError(Exception):
    """A build failed; the message holds the end of what it printed."""


def build(root: Path, products: list[str]) -> Path:
    """Builds `products` one after the other, which share what they have in common; returns where they lie."""
    for product in products:
        build_one(root, product)
    executables = root / ".build" / "release"
    missing = [product for product in products if not os.access(executables / product, os.X_OK)]
    if missing:
        raise BuildError(f"the build left no {', '.join(missing)} in {executables}")
    return executables


def build_one(root: Path, product: str) -> None:
    started = time.monotonic()
    command = [*COMMAND, "--product", product]
    last = deque(maxlen=60)
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for line in process.stdout:
                step = STEP.match(line)
                if step:
                    draw(product, int(step[1]), int(step[2]), step[3])
                else:
                    last.append(line)
        except BaseException:
            process.terminate()
            raise
        finally:
            clear()
    if process.returncode != 0:
        raise BuildError(f"'{' '.join(command)}' failed:\n{''.join(last)}")
    print(f"{product.ljust(12)} built in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def draw(product: str, done: int, total: int, what: str) -> None:
    """Replaces the line in progress, on a terminal only."""
    if not sys.stderr.isatty():
        return
    filled = BAR * done // max(total, 1)
    line = f"{product.ljust(12)} [{'#' * filled}{'-' * (BAR - filled)}] {done}/{total} {what}"
    width = os.get_terminal_size(sys.stderr.fileno()).columns
    print(f"\r\033[K{line[: max(width - 1, 10)]}", end="", file=sys.stderr, flush=True)


def clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
