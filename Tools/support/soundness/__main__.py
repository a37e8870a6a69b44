"""Tools/soundness: runs every rule and prints each violation as `file:line: error: what, and the remedy [rule]`."""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import calls, layers, swiftformat, text
from .tree import Tree

RULES = """rules:
  layer, c-import, foundation            who may import whom (docs/architecture.md)
  undeclared-import, unused-dependency   Package.swift says what the sources import, no more and no less
  stray-file                             every Swift file belongs to a target
  format                                 swift format lint --strict
  force-try, force-cast, fatal-error, print, sleep, loose-task, unsafe-flags
                                         banned calls
  unchecked-sendable, nonisolated-unsafe, swallowed-error
                                         allowed with a comment that gives the reason
  file-size, main-size                   at most 700 lines a file (warning past 500), 40 an executable
  machine-path, host-name, registry-host, unfinished
                                         words that must not stand in a tracked file
  shell-syntax, python-syntax, dead-link scripts parse and links lead somewhere
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="Tools/soundness", description="Checks what the compiler does not.", epilog=RULES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help=argparse.SUPPRESS)
    parser.add_argument("--self-test", action="store_true", help="prove that each rule catches a planted violation")
    arguments = parser.parse_args()
    if arguments.self_test:
        from . import selftest

        return selftest.run()

    started = time.monotonic()
    tree = Tree(arguments.root.resolve())
    try:
        with ThreadPoolExecutor() as pool:
            formatted = pool.submit(swiftformat.check, tree)
            targets = layers.load_targets(tree)
            found = layers.check(tree, targets) + calls.check(tree) + text.check(tree, targets)
            found += formatted.result()
    except RuntimeError as error:
        print(f"soundness: error: {error}", file=sys.stderr)
        return 1
    for violation in sorted(set(found)):
        print(violation)
    errors = sum(violation.is_error for violation in set(found))
    warnings = len(set(found)) - errors
    seconds = time.monotonic() - started
    print(f"soundness: {len(tree.paths)} files, {errors} errors, {warnings} warnings ({seconds:.1f} s)", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
