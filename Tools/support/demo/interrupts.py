"""A request to stop, which arrives as a signal and is raised as an exception where that is safe."""

import signal
from contextlib import contextmanager


class Stop(Exception):
    """The user or the system asked to stop."""


_depth = 0
_is_pending = False


def _handle(*_) -> None:
    global _is_pending
    if _depth:
        _is_pending = True
    else:
        raise Stop


def install() -> None:
    """Raises `Stop` in the main thread on Ctrl-C, SIGTERM and the end of the terminal."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _handle)


def ignore() -> None:
    """From here on nothing interrupts, so that everything can be stopped in order."""
    global _is_pending
    _is_pending = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def deferred():
    """Raises `Stop` at the end of the block rather than inside it: between the start of a process and the moment it can be
    stopped by its name, and while `subprocess` holds the lock under which it looks at one, which it would never give back."""
    global _depth, _is_pending
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
    if _is_pending and not _depth:
        _is_pending = False
        raise Stop
