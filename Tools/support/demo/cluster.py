"""Configures, starts and stops a core and its edges on loopback, each with its own state directory."""

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from .daemon import Daemon, stop_all


class ClusterError(Exception):
    """A daemon or a command failed; the message holds what it said."""


@dataclass
class Dataset:
    name: str
    path: Path
    settings: dict[str, str] = field(default_factory=dict)  # how it is read, such as scale and classes

    def yaml(self) -> str:
        settings = "".join(f"    {key}: {value}\n" for key, value in self.settings.items())
        return f"  - name: {self.name}\n    path: {json.dumps(str(self.path))}\n{settings}"


def dataset_block(datasets: list[Dataset]) -> str:
    return "datasets:\n" + "".join(dataset.yaml() for dataset in datasets) if datasets else ""


@dataclass
class Cluster:
    """`state` holds a directory, a configuration and an output file for each daemon."""

    state: Path
    executables: Path
    port: int
    core_datasets: list[Dataset] = field(default_factory=list)
    edge_datasets: dict[str, list[Dataset]] = field(default_factory=dict)  # by edge
    core: Daemon | None = None
    edges: list[Daemon] = field(default_factory=list)

    @property
    def daemons(self) -> list[Daemon]:
        return self.edges + ([self.core] if self.core else [])

    @property
    def core_directory(self) -> Path:
        return self.state / "core"

    # Commands

    def gedge_command(self, *arguments: str) -> list[str]:
        return [str(self.executables / "gedge"), "--state-dir", str(self.core_directory), *arguments]

    def gedge(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.gedge_command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def must(self, *arguments: str) -> str:
        done = self.gedge(*arguments)
        if done.returncode != 0:
            raise ClusterError(f"gedge {' '.join(arguments)} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    # Starting

    def start_core(self) -> float:
        """Starts the core and returns the seconds until it answers."""
        configuration = self.state / "core.yaml"
        configuration.write_text(
            f"stateDirectory: {json.dumps(str(self.core_directory))}\n"
            f"listen: tcp://127.0.0.1:{self.port}\n" + dataset_block(self.core_datasets))
        command = [str(self.executables / "core-cloud"), "--config", str(configuration)]
        self.core = Daemon("core-cloud", command, self.state / "core.out")
        return self._start(self.core, lambda: self.gedge("get", "edges", "-o", "name").returncode == 0)

    def start_edge(self, name: str) -> float:
        """Starts an edge, which enrols the first time, and returns the seconds until the core counts it as ready."""
        directory, token = self.state / name, self.state / f"{name}.token"
        configuration = self.state / f"{name}.yaml"
        configuration.write_text(
            f"stateDirectory: {json.dumps(str(directory))}\n" + dataset_block(self.edge_datasets.get(name, [])))
        command = [
            str(self.executables / "edge-cloud"), "--core", f"tcp://127.0.0.1:{self.port}", "--config", str(configuration)]
        if not (directory / "identity.json").exists():
            # A token of an interrupted start may have been traded already, and then works again for the same key alone.
            if not token.exists():
                self.must("token", "create", "--edge", name, "--lifetime", "720h", "-o", str(token))
            command += ["--join", f"@{token}"]
        daemon = Daemon(name, command, self.state / f"{name}.out")
        self.edges.append(daemon)
        seconds = self._start(daemon, lambda: self.phase(name) == "Ready")
        token.unlink(missing_ok=True)
        return seconds

    def phase(self, edge: str) -> str | None:
        done = self.gedge("get", f"edge/{edge}", "-o", "json")
        return json.loads(done.stdout).get("status", {}).get("phase") if done.returncode == 0 else None

    def _start(self, daemon: Daemon, is_ready, patience: float = 30) -> float:
        started = time.monotonic()
        daemon.start()
        while not is_ready():
            if not daemon.is_running:
                raise ClusterError(daemon.death())
            if time.monotonic() - started > patience:
                raise ClusterError(
                    f"{daemon.name} is not ready after {patience:.0f} s. Its last lines, from {daemon.output}:\n"
                    f"{daemon.last_lines()}")
            time.sleep(0.01)
        return time.monotonic() - started

    # Watching and stopping

    def check(self) -> None:
        """Raises when a daemon has ended that should serve."""
        for daemon in self.daemons:
            if not daemon.is_running:
                raise ClusterError(daemon.death())

    def stop(self) -> list[str]:
        """Stops the edges, which say goodbye to the core, then the core; returns who had to be killed."""
        killed = stop_all(self.edges) + stop_all([self.core] if self.core else [])
        self.edges, self.core = [], None
        return killed
