"""The processes of datasync.py: clouds that move data with DataSync, links between network namespaces, and the peers that move the
same."""

import json
import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demo import ports
from support import ROOT

NODE = Path(os.environ.get("GEDGE_BENCH_BIN", ROOT / ".build" / "release")) / "datasync-node"
PEERS = ROOT / ".build" / "bench-peers"


class Node:
    """A datasync-node process."""

    def __init__(self, state: Path, name: str, arguments: list[str], prefix: list[str] = []):
        self.state = state
        self.name = name
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [*prefix, str(NODE), str(state), name, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.key = self.answer()["key"]

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer

    def tell(self, *words: object) -> None:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def do(self, *words: object) -> dict:
        self.tell(*words)
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.tell("quit")
            self.process.stdin.close()
            self.process.wait(30)


@contextmanager
def network(megabits: int | None, edges: int = 1):
    """The core's address and, for it and each edge, the words that start a process there: on loopback, or, for a bandwidth, in
    network namespaces whose links to a bridge are shaped both ways."""
    if megabits is None:
        yield "127.0.0.1", [[] for _ in range(edges + 1)]
        return
    with ExitStack() as stack:
        def sh(command: str) -> None:
            subprocess.run(command.split(), check=True, capture_output=True)

        tag = f"gb{os.getpid() % 10000}"
        sh(f"ip link add {tag}br type bridge")
        stack.callback(sh, f"ip link del {tag}br")
        sh(f"ip link set {tag}br up")
        prefixes = []
        for number in range(edges + 1):
            space, inside, outside = f"{tag}n{number}", f"{tag}i{number}", f"{tag}o{number}"
            sh(f"ip netns add {space}")
            stack.callback(sh, f"ip netns del {space}")
            sh(f"ip link add {inside} type veth peer name {outside}")
            sh(f"ip link set {inside} netns {space}")
            sh(f"ip link set {outside} master {tag}br up")
            sh(f"ip netns exec {space} ip addr add 10.77.0.{number + 1}/24 dev {inside}")
            sh(f"ip netns exec {space} ip link set {inside} up")
            sh(f"ip netns exec {space} ip link set lo up")
            shape = f"root tbf rate {megabits}mbit burst {max(32, megabits // 4)}kb latency 50ms"
            sh(f"ip netns exec {space} tc qdisc add dev {inside} {shape}")
            sh(f"tc qdisc add dev {outside} {shape}")
            prefixes.append(["ip", "netns", "exec", space])
        yield "10.77.0.1", prefixes


@contextmanager
def nodes(folder: Path, edges: int = 1, plain: bool = False, where=None, relays: bool = False):
    """A core and edges that are connected to it, and, with `relays`, that let each other in."""
    host, prefixes = where or ("127.0.0.1", [[] for _ in range(edges + 1)])
    options = ["--plain"] if plain else []
    port = ports.choose(8100)
    core = Node(folder / "core", "core", ["listen", host, str(port), *options], prefixes[0])
    made = [core]
    try:
        for number in range(1, edges + 1):
            own = f"10.77.0.{number + 1}" if where and prefixes[number] else "127.0.0.1"
            relay = ["--relay", own] if relays else []
            edge = Node(
                folder / f"edge-{number}", f"edge-{number}", ["connect", host, str(port), core.key, *relay, *options],
                prefixes[number])
            made.append(edge)
            core.do("admit", edge.name, edge.key)
        for edge in made[1:]:
            edge.do("ready")
        yield made
    finally:
        for node in made:
            try:
                node.stop()
            finally:
                node.process.kill()


@contextmanager
def rsync_daemon(folder: Path, host: str = "127.0.0.1", prefix: list[str] = []):
    """The URL of a daemon that serves `folder`."""
    port = ports.choose(8300)
    configuration = folder.parent / "rsyncd.conf"
    user = f"uid = {os.getuid()}\ngid = {os.getgid()}\n" if os.getuid() == 0 else ""
    configuration.write_text(f"use chroot = no\n[data]\npath = {folder}\nread only = yes\n{user}")
    process = subprocess.Popen(
        [*prefix, "rsync", "--daemon", "--no-detach", f"--config={configuration}", f"--port={port}", f"--address={host}"])
    try:
        url = f"rsync://{host}:{port}/data/"
        for _ in range(100):
            if subprocess.run([*prefix, "rsync", url], capture_output=True).returncode == 0:
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def rsync(url: str, target: Path, *options: str, prefix: list[str] = []) -> tuple[float, int]:
    """Seconds and bytes on the wire."""
    start = time.perf_counter()
    output = subprocess.run(
        [*prefix, "rsync", "-a", "--stats", *options, url, f"{target}/"], check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - start
    figures = {line.split(":")[0]: line.split(":")[1] for line in output.splitlines() if ":" in line}
    wire = sum(int(figures[key].replace(",", "").split()[0]) for key in ("Total bytes sent", "Total bytes received"))
    return seconds, wire


@contextmanager
def tcp_server(path: Path, prefix: list[str] = []):
    port = ports.choose(8500)
    process = subprocess.Popen([*prefix, PEERS / "tcp_copy", "send", path, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        yield port
    finally:
        process.kill()
        process.wait()


def tcp_copy(port: int, target: Path, host: str = "127.0.0.1", prefix: list[str] = []) -> float:
    return float(subprocess.run(
        [*prefix, PEERS / "tcp_copy", "receive", host, str(port), target], check=True, capture_output=True, text=True).stdout)


def curve_rate() -> float:
    """Bytes per second that libzmq moves by itself with CURVE, from one process to another's socket, 1 MiB at a time."""
    lines = subprocess.run([PEERS / "zmq_raw", "throughput"], check=True, capture_output=True, text=True).stdout.splitlines()
    return next(line["value"] * 1e9 for line in map(json.loads, lines) if line["variant"] == "curve")
