"""builds.py clean | incremental: how long a developer waits, in a copy of the tree."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from support import ROOT, record

TOUCHED = {"a file of Core": "Modules/Core/Identifiers/Name.swift", "a file of FedLearn": "Modules/FedLearn/FedLearnError.swift"}
REPEATS = 3


def copy(folder: Path) -> None:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def build(folder: Path, *arguments: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        ["swift", "build", *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"swift build failed:\n{done.stdout[-2000:]}")
    return time.perf_counter() - started


with TemporaryDirectory(prefix="gedge-") as name:
    tree = Path(name)
    copy(tree)
    if sys.argv[1] == "clean":
        record("build.clean", "debug", build(tree), "s")
        record("build.clean", "release", build(tree, "-c", "release"), "s")
    else:
        build(tree)
        for variant, path in TOUCHED.items():
            times = []
            for number in range(REPEATS):
                with (tree / path).open("a") as file:
                    file.write(f"\nprivate let measured{number} = {number}\n")
                times.append(build(tree))
            record("build.incremental", variant, median(times), "s")
