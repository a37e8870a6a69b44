"""Tools/run from the outside, with stand-ins for the daemons, the command line and the compiler."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent.parent

DAEMON = """#!/bin/sh
[ -f "$FAKES/die-$(basename "$0")" ] && { echo "the disk is full"; exit 7; }
trap 'exit 0' TERM
touch "$FAKES/up"
while :; do sleep 0.05; done
"""

# Answers as the real one does, from files in $FAKES.
GEDGE = """#!/bin/sh
shift 2
case "$1 $2" in
    "get edges") [ -f "$FAKES/up" ] || exit 4 ;;
    "get edge/"*) echo '{"status": {"phase": "Ready"}}' ;;
    "token create") while [ "$1" != -o ]; do shift; done; touch "$2" ;;
    "get job/digits") cat "$FAKES/job" 2>/dev/null || exit 3 ;;
    "apply -f") echo '{"status": {"phase": "Running"}}' >"$FAKES/job"; echo applied >>"$FAKES/applied" ;;
    "watch job/digits")
        echo "round=1 accuracy=0.9"
        [ -f "$FAKES/endless" ] && exec sleep 60
        echo '{"status": {"phase": "Succeeded"}}' >"$FAKES/job" ;;
    "report job/digits")
        echo '{"job": "digits", "phase": "Succeeded", "accuracy": 0.97, "baselineAccuracy": 0.975, "rounds": 1,' \\
            '"edges": 3, "wallSeconds": 2.5, "bytesToEdges": 10, "bytesFromEdges": 20, "model": "demo/digits/1"}' ;;
    "data split") touch "$FAKES/split" ;;
esac
"""


class RunTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        # Where it is typed. Nothing is written there.
        self.work = self.root / "work"
        self.work.mkdir()
        self.addCleanup(lambda: self.assertEqual(list(self.work.iterdir()), []))
        self.script("bin/swift", "#!/bin/sh\nexit 0\n")
        for name, text in (("core-cloud", DAEMON), ("edge-cloud", DAEMON), ("gedge", GEDGE)):
            self.script(f".build/release/{name}", text)
        (self.root / "examples").mkdir()
        (self.root / "examples/digits.yaml").write_text("kind: TrainingJob\n")

    def script(self, name: str, text: str):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def start(self, *arguments: str) -> subprocess.Popen:
        environment = dict(os.environ, PYTHONPATH=str(SUPPORT), PYTHONDONTWRITEBYTECODE="1", FAKES=str(self.root))
        environment["PATH"] = f"{self.root / 'bin'}:{environment['PATH']}"
        command = [sys.executable, "-m", "demo", "--root", str(self.root), "--port", "17700", *arguments]
        run = subprocess.Popen(
            command, env=environment, cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.addCleanup(run.kill)
        return run

    def finish(self, run: subprocess.Popen) -> str:
        output, _ = run.communicate(timeout=60)
        self.assertEqual(self.left_running(), [], output)
        return output

    def left_running(self) -> list[str]:
        found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return [line for line in found.splitlines() if f"{self.root}/.build/release/" in line]

    def read_until(self, run: subprocess.Popen, text: str):
        """Reads the output up to a line that holds `text`."""
        read = []
        for line in run.stdout:
            read.append(line)
            if text in line:
                return
        self.fail(f"{text!r} never came:\n{''.join(read)}")

    def test_exit_ends_after_the_job_with_a_report(self):
        report = self.root / "report.json"
        run = self.start("--exit", "--report", str(report))
        output = self.finish(run)
        self.assertEqual(run.returncode, 0, output)
        self.assertEqual(
            set(json.loads(report.read_text())),
            {"accuracy", "baselineAccuracy", "rounds", "edges", "wallSeconds", "bytesToEdges", "bytesFromEdges", "model"})
        self.assertIn("97.00 %", output)
        self.assertIn("demo/digits/1", output)
        self.assertTrue((self.root / "split").exists())
        self.assertFalse(any((self.root / ".gedge").glob("*.token")), "a token outlives its use")
        # The daemons are gone by now: what it says to type next must work without them.
        self.assertNotIn("in another terminal", output)
        self.assertIn("Tools/run", output.split("Try next", 1)[1])

    def test_it_says_what_to_type_next_while_it_runs(self):
        run = self.start()
        self.read_until(run, "Try next, in another terminal:")
        self.read_until(run, "Running until Ctrl-C")
        run.send_signal(signal.SIGINT)
        self.finish(run)

    def test_what_to_type_next_goes_on_with_the_same_state(self):
        run = self.start("--exit", "--state", str(self.root / "a state"))
        output = self.finish(run)
        self.assertIn(f"Tools/run --state '{self.root / 'a state'}' --port 17700\n", output)

    def test_typed_again_it_goes_on_and_does_not_apply_twice(self):
        self.finish(self.start("--exit"))
        (self.root / "up").unlink()
        run = self.start("--exit")
        output = self.finish(run)
        self.assertEqual(run.returncode, 0, output)
        self.assertIn("done already", output)
        self.assertEqual((self.root / "applied").read_text(), "applied\n")

    def test_ctrl_c_in_mid_job_stops_everything(self):
        (self.root / "endless").touch()
        run = self.start()
        self.read_until(run, "round=1")
        run.send_signal(signal.SIGINT)
        output = self.finish(run)
        self.assertIn("Every process has stopped.", output)
        self.assertEqual(run.returncode, 130)

    def test_ctrl_c_after_the_job_is_an_ordinary_end(self):
        run = self.start()
        self.read_until(run, "Running until Ctrl-C")
        run.send_signal(signal.SIGTERM)
        output = self.finish(run)
        self.assertIn("Every process has stopped.", output)
        self.assertEqual(run.returncode, 0)

    def test_a_daemon_that_dies_is_shown_with_its_last_words(self):
        (self.root / "die-edge-cloud").touch()
        run = self.start("--exit")
        output = self.finish(run)
        self.assertEqual(run.returncode, 1)
        self.assertIn("exit code 7", output)
        self.assertIn("the disk is full", output)
