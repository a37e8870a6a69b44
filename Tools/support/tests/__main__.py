"""`python3 -m tests OUTCOME`: runs every test of the tools and writes `passed failed skipped` to the file OUTCOME."""

import sys
import unittest
from pathlib import Path

here = Path(__file__).parent
suite = unittest.defaultTestLoader.discover(str(here), top_level_dir=str(here.parent))
result = unittest.TextTestRunner(verbosity=1).run(suite)
failed = len(result.failures) + len(result.errors)
Path(sys.argv[1]).write_text(f"{result.testsRun - failed - len(result.skipped)} {failed} {len(result.skipped)}\n")
sys.exit(1 if failed else 0)
