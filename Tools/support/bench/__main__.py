"""Tools/bench: runs the benchmarks of Benchmarks/registry.json."""

import argparse
import json
import re
import sys
from pathlib import Path

from . import build, measure, registry, table

EPILOG = """Ours and each peer run in turn, several times. A row gives the median of ours and of the peer, and the median of the
runs' ratios: above 1 means ours is better. The peer 'limit' is a bound the project holds itself to. A table on a terminal,
JSON lines otherwise or with --json."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="Tools/bench", description="Measures ours against theirs.", epilog=EPILOG)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    parser.add_argument("--filter", metavar="REGEX", default="", help="only the benchmarks whose name matches")
    parser.add_argument("--json", action="store_true", help="JSON lines, also on a terminal")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/performance.md")
    parser.add_argument("--runs", type=int, default=0, metavar="N", help="runs of each side (default: the entry's, or 5)")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    try:
        wanted = re.compile(arguments.filter)
    except re.error as error:
        parser.error(f"--filter is not a regular expression: {error}")
    try:
        known = registry.load(root)
        chosen = [benchmark for benchmark in known.benchmarks if wanted.search(benchmark.name)]
        if not chosen:
            print(f"bench: no benchmark matches '{arguments.filter}'; Tools/bench --list names them", file=sys.stderr)
            return 3
        if arguments.list:
            width = max(len(benchmark.name) for benchmark in chosen)
            for benchmark in chosen:
                print(f"{benchmark.name.ljust(width)}  {benchmark.summary}")
            return 0
        commands = [benchmark.command + benchmark.needs for benchmark in chosen]
        commands += [peer.command for benchmark in chosen for peer in benchmark.peers]
        words = build.build(root, known, commands)
    except (registry.RegistryError, build.BuildError) as error:
        print(f"bench: error: {error}", file=sys.stderr)
        return 1

    as_table = sys.stdout.isatty() and not arguments.json
    rows, failures = [], 0
    for benchmark in chosen:
        try:
            measured = measure.measure(benchmark, words, root, arguments.runs or benchmark.runs or 5)
        except measure.MeasureError as error:
            print(f"\nbench: error: {benchmark.name}: {error}", file=sys.stderr)
            failures += 1
            continue
        rows += measured
        if not as_table and not arguments.markdown:
            for entry in measured:
                print(json.dumps(entry), flush=True)
    if arguments.markdown:
        print(table.markdown(rows))
    elif as_table and rows:
        print(table.machine())
        print(table.render(rows))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
