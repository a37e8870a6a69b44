import tempfile
import unittest
from pathlib import Path

from demo.state import MARKER, RunState, StateError


class RunStateTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "state"

    def open(self, fresh=False):
        state = RunState(self.path)
        state.open(fresh)
        self.addCleanup(state.close)
        return state

    def test_directory_is_private_and_marked(self):
        self.open()
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o700)
        self.assertTrue((self.path / MARKER).exists())

    def test_second_run_keeps_what_the_first_left(self):
        self.open().close()
        (self.path / "core.yaml").write_text("listen")
        self.open()
        self.assertTrue((self.path / "core.yaml").exists())

    def test_fresh_wipes_everything_below(self):
        self.open().close()
        (self.path / "core").mkdir()
        (self.path / "core" / "gedge.db").write_text("data")
        self.open(fresh=True)
        self.assertEqual([entry.name for entry in self.path.iterdir()], [MARKER])

    def test_fresh_never_touches_a_directory_that_is_not_ours(self):
        self.path.mkdir()
        (self.path / "thesis.txt").write_text("years of work")
        with self.assertRaisesRegex(StateError, "did not make"):
            self.open(fresh=True)
        self.assertEqual((self.path / "thesis.txt").read_text(), "years of work")

    def test_two_runs_on_one_directory_are_refused(self):
        self.open()
        with self.assertRaisesRegex(StateError, "another Tools/run"):
            self.open()

    def test_path_too_long_for_a_socket_is_refused(self):
        self.path = self.path / ("x" * 100)
        with self.assertRaisesRegex(StateError, "too long"):
            self.open()
