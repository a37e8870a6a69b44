"""What the benchmarks of whole processes share."""

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from demo import ports
from demo.cluster import Cluster, Dataset

ROOT = Path(__file__).resolve().parent.parent


def record(benchmark: str, variant: str, value: float, unit: str) -> None:
    """Prints one measurement, as Tools/bench reads it."""
    print(json.dumps({"benchmark": benchmark, "variant": variant, "value": value, "unit": unit}), flush=True)


@contextmanager
def cluster(
    core: list[Dataset] | None = None, edges: dict[str, list[Dataset]] | None = None,
    executables: Path = ROOT / ".build" / "release"
):
    """A cluster with a state directory of its own, which is stopped and removed in the end."""
    with TemporaryDirectory(prefix="gedge-") as folder:
        made = Cluster(
            Path(folder), executables, ports.choose(7800), core_datasets=core or [],
            edge_datasets=edges or {})
        try:
            yield made
        except BaseException:
            for daemon in made.daemons:
                print(f"{daemon.name}:\n{daemon.last_lines()}", file=sys.stderr)
            raise
        finally:
            made.stop()


def status_bytes(pid: int, field: str) -> int:
    """A figure of /proc/PID/status that is given in kB, such as VmRSS or VmHWM, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)
