"""daemons.py idle | get: real daemons on loopback: how fast they are ready, what they hold when idle, and how long the
command line takes."""

import subprocess
import sys
import time
from statistics import median

from support import cluster, record, status_bytes

SETTLE_SECONDS = 5
GETS = 20


def idle() -> None:
    with cluster() as made:
        record("daemon.idle", "core ready", made.start_core(), "s")
        record("daemon.idle", "edge ready", made.start_edge("edge-1"), "s")
        time.sleep(SETTLE_SECONDS)
        record("daemon.idle", "core resident", status_bytes(made.core.process.pid, "VmRSS") / 1e6, "MB")
        record("daemon.idle", "edge resident", status_bytes(made.edges[0].process.pid, "VmRSS") / 1e6, "MB")


def get() -> None:
    with cluster() as made:
        made.start_core()
        made.start_edge("edge-1")
        command = made.gedge_command("get", "edges")
        times = []
        for _ in range(GETS):
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            times.append((time.perf_counter() - started) * 1000)
        record("cli.get", "edges", median(times), "ms")


{"idle": idle, "get": get}[sys.argv[1]]()
