"""A child process that serves until it is told to stop."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

from .interrupts import deferred

PR_SET_PDEATHSIG = 1


def prepare_child() -> None:
    """Runs in the child before exec: a process group of its own, so that a Ctrl-C at the terminal reaches this tool
    alone, which then stops the daemons in the right order; and an end when this tool is killed outright."""
    os.setpgid(0, 0)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Daemon:
    """One daemon. Its output goes to a file, whose end is shown if it dies."""

    def __init__(self, name: str, command: list[str], output: Path):
        self.name = name
        self.command = command
        self.output = output
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with open(self.output, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as output, deferred():
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                preexec_fn=prepare_child)

    @property
    def is_running(self) -> bool:
        with deferred():
            return self.process is not None and self.process.poll() is None

    def terminate(self) -> None:
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Waits for the end; kills the process when it takes longer. Returns whether it ended by itself."""
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass  # It hangs in the kernel, on a disk that does not answer; nothing more can be done about it.
            return False

    def last_lines(self, count: int = 12) -> str:
        try:
            lines = self.output.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        return "\n".join(f"    {line}" for line in lines[-count:]) or "    (it printed nothing)"

    def death(self) -> str:
        """How it ended, for a person."""
        code = self.process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"{self.name} {how}. Its last lines, from {self.output}:\n{self.last_lines()}"


def stop_all(daemons: list[Daemon], seconds: float = 10) -> list[str]:
    """Stops `daemons` in order of appearance, all edges at once; returns the names of those that had to be killed."""
    for daemon in daemons:
        daemon.terminate()
    deadline = time.monotonic() + seconds
    return [d.name for d in daemons if d.process and not d.wait(max(0.1, deadline - time.monotonic()))]
