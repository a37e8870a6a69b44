"""count_tests.py RESULTS SELFTEST: the closing line of Tools/test, from the xUnit file of Swift Testing.

Fails when no test ran, because a run that executes nothing proves nothing.
"""

import sys
from xml.etree import ElementTree


def main(path: str, self_test_status: str) -> int:
    failed = 0 if self_test_status == "0" else 1
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"Tools/test: the test process left no results ({error}); it crashed or was stopped", file=sys.stderr)
        print(f"0 passed, {failed + 1} failed")
        return 1
    skipped = [case for case in cases if case.find("skipped") is not None]
    broken = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    for word, group in (("skipped", skipped), ("failed", broken)):
        for case in group:
            print(f"{word}: {case.get('classname')}.{case.get('name')}", file=sys.stderr)
    failed += len(broken)
    passed = len(cases) - len(skipped) - len(broken)
    if passed + failed == 0:
        print("Tools/test: no test ran; does the filter match a test?", file=sys.stderr)
        failed = 1
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
