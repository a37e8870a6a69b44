"""Ports of the core: four in a row, for the lanes control, model and bulk, and for enrolment."""

import socket

BLOCK = 4
DEFAULT = 7700


def is_free(first: int) -> bool:
    """Whether the core could listen on `first` and the three ports after it, on loopback."""
    for port in range(first, first + BLOCK):
        with socket.socket() as probe:
            # As ZeroMQ does, so that a port whose last connections are still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def choose(preferred: int = DEFAULT) -> int:
    """`preferred` if its block is free, otherwise the first free block after it."""
    for first in range(preferred, 65536 - BLOCK, BLOCK):
        if is_free(first):
            return first
    raise OSError(f"there are no {BLOCK} free ports in a row above {preferred}")
