"""topology.py BIN: what it costs to watch machines: an edge at rest that reports every second, and the core's topology service to which
1,000 edges report every second, with reports that say what changed and, to compare, with complete ones; and what it costs to read the same
figures as Prometheus text in Python, once a second from 1,000 edges.
"""

import os
import resource
import subprocess
import sys
import time
from json import loads
from pathlib import Path
from tempfile import TemporaryDirectory

from support import cluster, record

SETTLE_SECONDS = 5
MEASURED_SECONDS = 60
PATIENCE_SECONDS = 180
EDGES = 1000
TICKS = os.sysconf("SC_CLK_TCK")

# A small part of what node_exporter tells: the figures that an edge reports.
SCRAPE = "".join(
    f"# HELP {name} A figure.\n# TYPE {name} gauge\n{name}{labels} {value}\n"
    for name, labels, value in [
        ("cpu_busy_ratio", "", "0.2134"), ("memory_available_bytes", "", "6442450944"),
        ("disk_free_bytes", '{mountpoint="/"}', "137438953472"), ("process_resident_bytes", "", "17825792"),
        ("process_cpu_ratio", "", "0.004"), ("pressure_cpu", '{kind="some"}', "0.02"),
        ("pressure_memory", '{kind="some"}', "0"), ("pressure_io", '{kind="some"}', "0"),
        ("disk_read_bytes", '{device="vda"}', "0"), ("disk_written_bytes", '{device="vda"}', "51200"),
        ("disk_busy_ratio", '{device="vda"}', "0.01"), ("network_receive_bytes", '{device="eth0"}', "12345"),
        ("network_transmit_bytes", '{device="eth0"}', "23456"),
    ])


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def share(pid: int, seconds: float) -> float:
    """Percent of one core that the process takes over `seconds`."""
    before, started = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_seconds(pid) - before) / (time.monotonic() - started)


def wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"the edges are not there after {PATIENCE_SECONDS} s")
        time.sleep(0.5)


def idle() -> None:
    with cluster() as made:
        made.start_core()
        made.start_edge("edge-1")
        time.sleep(SETTLE_SECONDS)
        record("topology.monitor", "edge at rest, a report a second", share(made.edges[0].process.pid, MEASURED_SECONDS), "%")


def many(binaries: str, mode: str, variant: str) -> None:
    with TemporaryDirectory(prefix="gedge-") as folder:
        program = f"{binaries}/bench-topology"
        core = subprocess.Popen([program, "serve", folder], stdin=subprocess.PIPE)
        wait_for(lambda: any(path.is_socket() for path in Path(folder).iterdir()))
        command = [program, "report", f"ipc://{folder}/core", str(EDGES), mode]
        edges = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask() -> dict:
            edges.stdin.write("?\n")
            edges.stdin.flush()
            return loads(edges.stdout.readline())

        try:
            wait_for(lambda: ask()["joined"] == EDGES)
            time.sleep(SETTLE_SECONDS)
            before = ask()
            taken = share(core.pid, MEASURED_SECONDS)
            after = ask()
            answered, failed = after["answered"] - before["answered"], after["failed"] - before["failed"]
            if failed or answered < 0.95 * EDGES * MEASURED_SECONDS:
                raise SystemExit(f"{answered} reports were answered in {MEASURED_SECONDS} s and {failed} failed")
            record("topology.monitor", variant, taken, "%")
        finally:
            for process in (edges, core):
                process.kill()
                process.wait()


def scrape() -> None:
    """Reads SCRAPE as a scraper does: every line into a name, its labels and a number."""
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for _ in range(EDGES):
        figures = {}
        for line in SCRAPE.splitlines():
            if line.startswith("#"):
                continue
            name, value = line.rsplit(" ", 1)
            labels = {}
            if name.endswith("}"):
                name, text = name[:-1].split("{", 1)
                for pair in text.split(","):
                    key, word = pair.split("=", 1)
                    labels[key] = word.strip('"')
            figures[name, tuple(sorted(labels.items()))] = float(value)
    seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - began
    record("topology.monitor", "Prometheus text of 1,000 edges a second, read in Python", 100 * seconds, "%")


def main(binaries: str) -> None:
    idle()
    many(binaries, "changes", "core, 1,000 edges, a report a second each")
    many(binaries, "complete", "core, 1,000 edges, complete reports")
    scrape()


if __name__ == "__main__":
    main(sys.argv[1])
