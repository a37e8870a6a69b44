import sys
import tempfile
import time
import unittest
from pathlib import Path

from demo import interrupts, ports
from demo.daemon import Daemon, stop_all


class DaemonTests(unittest.TestCase):
    def start(self, code: str) -> Daemon:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        daemon = Daemon("sample", [sys.executable, "-u", "-c", code], Path(folder.name) / "out")
        daemon.start()
        self.addCleanup(lambda: daemon.is_running and daemon.process.kill())
        return daemon

    def wait_for_output(self, daemon: Daemon, text: str):
        limit = time.monotonic() + 30
        while text not in daemon.last_lines():
            self.assertLess(time.monotonic(), limit, daemon.last_lines())
            time.sleep(0.01)

    def test_one_that_ends_on_request_is_not_reported(self):
        daemon = self.start("import signal, time; signal.signal(15, lambda *_: exit(0)); print('up')\nwhile True: time.sleep(0.05)")
        self.wait_for_output(daemon, "up")
        self.assertEqual(stop_all([daemon]), [])
        self.assertEqual(daemon.process.returncode, 0)

    def test_one_that_does_not_end_is_killed_and_reported(self):
        daemon = self.start("import signal; signal.signal(15, signal.SIG_IGN); print('up'); signal.pause(); signal.pause()")
        self.wait_for_output(daemon, "up")
        self.assertEqual(stop_all([daemon], seconds=0.2), ["sample"])
        self.assertFalse(daemon.is_running)

    def test_a_request_to_stop_waits_until_a_process_was_looked_at(self):
        done = []

        class Process:
            def poll(self):
                interrupts._handle()
                done.append(True)

        daemon = Daemon("sample", [], Path("unused"))
        daemon.process = Process()
        with self.assertRaises(interrupts.Stop):
            daemon.is_running
        self.assertEqual(done, [True])
        # It was told once.
        with interrupts.deferred():
            pass

    def test_death_shows_the_last_lines_and_the_way_it_ended(self):
        daemon = self.start("print('the disk is full'); exit(3)")
        daemon.process.wait(30)
        self.assertIn("exit code 3", daemon.death())
        self.assertIn("the disk is full", daemon.death())


class PortTests(unittest.TestCase):
    def test_taken_block_is_passed_over(self):
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            if port < 65000:
                chosen = ports.choose(port - 2)
                self.assertNotIn(port, range(chosen, chosen + ports.BLOCK))
