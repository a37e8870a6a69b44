"""The directory of a run: made, locked, recognised, and wiped only when it is ours."""

import fcntl
import shutil
from pathlib import Path

MARKER = ".made-by-gedge-run"
# A Unix socket's path has at most 107 bytes; the longest below the directory is core/run/core.enrolment.
LONGEST_PATH = 107 - len("/core/run/core.enrolment")


class StateError(Exception):
    """The directory cannot be used; the message says why and what to do."""


class RunState:
    """A directory of mode 0700 that one run at a time uses."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = None

    def open(self, fresh: bool) -> None:
        if len(str(self.path).encode()) > LONGEST_PATH:
            raise StateError(
                f"the path {self.path} is too long: the sockets below it would pass the 107 bytes that Linux allows. "
                f"Give one of at most {LONGEST_PATH} bytes with --state DIR")
        marker = self.path / MARKER
        if self.path.exists() and not self.path.is_dir():
            raise StateError(f"{self.path} is not a directory; choose another with --state DIR")
        if self.path.exists() and any(self.path.iterdir()) and not marker.exists():
            raise StateError(
                f"{self.path} holds files that Tools/run did not make, so it will not touch them; choose another "
                "directory with --state DIR")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        marker.touch(mode=0o600)
        self._lock = marker.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(
                f"another Tools/run uses {self.path}; end it with Ctrl-C, or choose another directory with --state DIR"
            ) from error
        if fresh:
            self.wipe()

    def close(self) -> None:
        """Lets another run use the directory."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def wipe(self) -> None:
        """Removes everything but the marker, which holds the lock."""
        for entry in self.path.iterdir():
            if entry.name == MARKER:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
