"""count_tests.py RESULTS [TOOLS]: the closing line of Tools/test, from the directory with the xUnit files of Swift Testing, one
for each process, and, when the tools' own tests ran too, the file with their counts. Fails when a process ran no test, because a
run that executes nothing proves nothing.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(results: str, tools: str | None = None) -> int:
    passed_tools, failed, skipped_tools = (int(word) for word in Path(tools).read_text().split()) if tools else (0, 0, 0)
    cases = []
    for file in sorted(Path(results).glob("*.xml")):
        try:
            found = list(ElementTree.parse(file).iter("testcase"))
        except (OSError, ElementTree.ParseError) as error:
            print(f"failed: {file.stem}: its process left no results ({error}); it crashed or was stopped", file=sys.stderr)
            failed += 1
            continue
        if all(case.find("skipped") is not None for case in found):
            print(f"failed: {file.stem}: no test ran; does the filter match a test?", file=sys.stderr)
            failed += 1
        cases += found
    skipped = [case for case in cases if case.find("skipped") is not None]
    broken = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    for word, group in (("skipped", skipped), ("failed", broken)):
        for case in group:
            print(f"{word}: {case.get('classname')}.{case.get('name')}", file=sys.stderr)
    failed += len(broken)
    passed = passed_tools + len(cases) - len(skipped) - len(broken)
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed, {len(skipped) + skipped_tools} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
