"""datasync.py SCENARIO: moves the same bytes with DataSync, between two processes of their own, and with what a user would
pick instead, in turn, and checks what arrived.

Ours ends verified and synced to the disk; rsync does the latter with `--fsync` alone, and plain TCP neither. So what a disk may
decide is measured on one and, where memory has room for it, in a file system in memory. A peer reads its file from where it lies; ours has it
in its store, as a daemon has what it published or took in (`ingest` is measured beside). All over loopback, or over a link between network
namespaces of this script's own where a scenario names a bandwidth.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from datasync_peers import Node, curve_rate, network, nodes, rsync, rsync_daemon, tcp_copy, tcp_server
from support import record, status_bytes

MIB = 1 << 20
SIZE = int(os.environ.get("GEDGE_BENCH_MIB", "500")) * MIB


def warm(folder: Path, count: int = SIZE) -> None:
    """Writes a file and removes it, so that what is measured next finds memory that this machine has already: on a virtual one the
    first touch of a page can cost several times what copying it does, and whoever comes second would not pay it."""
    chunk = bytes(16 * MIB)
    path = folder / "warm"
    with path.open("wb") as file:
        for _ in range(count // len(chunk) + 1):
            file.write(chunk)
    path.unlink()


# What is moved.


def weights(count: int, seed: int) -> np.ndarray:
    """float32 as layers of a network have them: normal, of the widths that Kaiming's initialisation gives several fan-ins."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal(count, dtype=np.float32)
    for part, fan in zip(np.array_split(values, 8), (64, 128, 256, 512, 1024, 2048, 4096, 64)):
        part *= np.float32((2 / fan) ** 0.5)
    return values


def change_blocks(values: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A copy of which `share` of the blocks of 64 KiB are new."""
    changed = values.copy()
    blocks = changed.reshape(-1, 16384)
    chosen = np.random.default_rng(seed).choice(len(blocks), int(len(blocks) * share), replace=False)
    blocks[chosen] = weights(len(chosen) * 16384, seed + 1).reshape(-1, 16384)
    return changed


def fine_tune(values: np.ndarray, seed: int) -> np.ndarray:
    """A copy after a step of SGD: every weight changed by about a thousandth."""
    step = np.random.default_rng(seed).standard_normal(len(values), dtype=np.float32)
    return values - np.float32(1e-3) * np.abs(values).mean() * step


def small_files(folder: Path, count: int, seed: int) -> int:
    generator = np.random.default_rng(seed)
    total = 0
    for number in range(count):
        size = int(generator.integers(4 << 10, 64 << 10))
        path = folder / f"{number % 100:02d}" / f"{number:05d}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(generator.bytes(size))
        total += size
    return total


def noise(count: int, seed: int, path: Path) -> Path:
    """Bytes that nothing makes smaller."""
    return save(np.frombuffer(np.random.default_rng(seed).bytes(count), np.uint8), path)


def save(values: np.ndarray, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values.tofile(path)
    return path


def compare(name: str, variant: str, ours: float, theirs: dict[str, float], unit: str = "s") -> None:
    """One line for ours and each peer, measured right after each other."""
    for peer, value in theirs.items():
        line = {"benchmark": f"datasync.{name}", "variant": variant, "value": ours, "unit": unit}
        print(json.dumps(line | {"peer": peer, "peerValue": value}), flush=True)


def report(name: str, variant: str, value: float, unit: str = "s") -> None:
    record(f"datasync.{name}", variant, value, unit)


@contextmanager
def folder_of(parent: Path, name: str):
    """A folder that is removed at the end, so that no disk fills."""
    made = parent / name
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def places(folder: Path, count: int):
    """Where to measure what needs `count` bytes: a suffix for the variant, a folder, and what rsync does there."""
    with ExitStack() as stack:
        found = [(", on disk", folder, {"rsync": [], "rsync --fsync": ["--fsync"]})]
        memory = Path("/dev/shm")
        if memory.is_dir() and shutil.disk_usage(memory).free > 2 * count:
            made = stack.enter_context(TemporaryDirectory(prefix="gedge-", dir=memory))
            found.append((", in memory", Path(made), {"rsync": []}))
        else:
            print(f"not measured in memory, which has no room for it: {memory}", file=sys.stderr)
        yield found


# Scenarios.


def versions(folder: Path, change) -> tuple[Path, Path]:
    """A model and its next version, as files."""
    one = weights(SIZE // 4, 1)
    return save(one, folder / "v1" / "model"), save(change(one), folder / "v2" / "model")


def first(folder: Path) -> None:
    with places(folder, 5 * SIZE) as found:
        for where, place, peers in found:
            path = save(weights(SIZE // 4, 1), place / "files" / "model")
            for plain in (True, False):
                how = "plain" if plain else "curve"
                with folder_of(place, "ours") as made, nodes(made, plain=plain) as (core, edge):
                    published = core.do("publish", "model", path)
                    warm(place)
                    fetched = edge.do("fetch", published["manifest"], "bench/model/")
                theirs = {}
                with rsync_daemon(path.parent) as url, tcp_server(path) as port:
                    for name, options in peers.items():
                        with folder_of(place, "theirs") as target:
                            warm(place)
                            theirs[name] = rsync(url, target, *options)[0]
                    with folder_of(place, "theirs") as target:
                        warm(place)
                        theirs["tcp"] = tcp_copy(port, target / "copy")
                if not plain:
                    theirs["libzmq's CURVE alone"] = SIZE / curve_rate()
                compare("first", f"{SIZE // MIB} MiB, {how}{where}", fetched["seconds"], theirs)
                if plain:
                    report("first", f"{SIZE // MIB} MiB published{where}", published["seconds"])


def delta(folder: Path, name: str, change, changed: int | None, megabits: int | None, tuned: list[str]) -> None:
    one, two = versions(folder, change)
    with network(megabits) as where:
        with folder_of(folder, "ours") as made, nodes(made, where=where) as (core, edge):
            edge.do("fetch", core.do("publish", "model1", one)["manifest"], "bench/model/1/")
            ours = edge.do("fetch", core.do("publish", "model2", two)["manifest"], "bench/model/2/")
        seconds, wire = {}, {}
        with rsync_daemon(two.parent, where[0], where[1][0]) as url:
            for options in ([], tuned):
                with folder_of(folder, "theirs") as target:
                    shutil.copy(one, target / "model")
                    os.utime(target / "model", (1, 1))
                    label = " ".join(["rsync", *options])
                    seconds[label], wire[label] = rsync(url, target, *options, prefix=where[1][1])
                    if (target / "model").read_bytes() != two.read_bytes():
                        raise RuntimeError("rsync made another file")
    link = f", {megabits} Mbit/s" if megabits else ""
    compare(name, f"time{link}", ours["seconds"], seconds)
    compare(name, f"wire{link}", ours["wire"], wire | ({"changed bytes": changed} if changed else {}), "bytes")


def blocks(folder: Path) -> None:
    changed = int(SIZE // 65536 * 0.05) * 65536
    tuned = ["--no-whole-file", "--inplace", "--block-size=65536"]
    delta(folder, "blocks", lambda values: change_blocks(values, 0.05, 7), changed, None, tuned)


def finetune(folder: Path) -> None:
    for megabits in (None, 1000):
        with folder_of(folder, "link") as inner:
            delta(inner, "finetune", lambda values: fine_tune(values, 7), None, megabits, ["-z"])


def fanout(folder: Path, megabits: int | None = 1000, receivers: int = 8) -> None:
    with places(folder, (2 * receivers + 2) * SIZE) as found:
        for where, place, _ in found:
            fan_out(place, where, megabits, receivers)


def fan_out(folder: Path, suffix: str, megabits: int | None, receivers: int) -> None:
    path = save(weights(SIZE // 4, 1), folder / "files" / "model")
    with network(megabits, receivers) as where:
        with folder_of(folder, "ours") as made, nodes(made, edges=receivers, where=where, relays=True) as (core, *edges):
            published = core.do("publish", "model", path)
            manifest = published["manifest"]
            warm(folder, receivers * SIZE)
            start = time.perf_counter()
            for edge in edges:
                edge.tell("fetch", manifest, "bench/model/")
            for edge in edges:
                edge.answer()
            ours = time.perf_counter() - start
            copies = core.do("sent")["bytes"] / published["stored"]
        with folder_of(folder, "theirs") as targets, rsync_daemon(path.parent, where[0], where[1][0]) as url:
            warm(folder, receivers * SIZE)
            start = time.perf_counter()
            made = []
            for number in range(receivers):
                (targets / str(number)).mkdir()
                command = ["rsync", "-a", url, f"{targets / str(number)}/"]
                made.append(subprocess.Popen([*where[1][number + 1], *command]))
            if any([process.wait() for process in made]):
                raise RuntimeError("rsync failed")
            theirs = time.perf_counter() - start
    compare("fanout", f"{receivers} receivers, {megabits} Mbit/s{suffix}", ours, {"rsync": theirs})
    report("fanout", f"copies that leave the core{suffix}", copies, "copies")


def smallfiles(folder: Path) -> None:
    with places(folder, 2 << 30) as found:
        for where, place, peers in found:
            files = place / "files"
            files.mkdir()
            total = small_files(files, 10_000, 3)
            for plain in (True, False):
                how = "plain" if plain else "curve"
                with folder_of(place, "ours") as made, nodes(made, plain=plain) as (core, edge):
                    taken = core.do("ingest", "files", files)
                    if taken["bytes"] != total:
                        raise RuntimeError(f"{taken['bytes']} bytes were taken in, not {total}")
                    warm(place)
                    ours = edge.do("fetch", taken["manifest"], "bench/files/1/")["seconds"]
                    again = core.do("ingest", "files", files)
                    unchanged = again["seconds"] + edge.do("fetch", again["manifest"], "bench/files/2/")["seconds"]
                theirs = {}
                with rsync_daemon(files) as url:
                    for name, options in peers.items():
                        with folder_of(place, "theirs") as target:
                            warm(place)
                            theirs[name] = rsync(url, target, *options)[0]
                            theirs_unchanged = rsync(url, target)[0]
                compare("smallfiles", f"10,000 files of 4 to 64 KiB, {how}{where}", ours, theirs)
                if plain:
                    report("smallfiles", f"taken in{where}", taken["seconds"])
                    compare(
                        "unchanged", f"10,000 files, looked at and fetched again{where}", unchanged,
                        {"rsync": theirs_unchanged})


def resume(folder: Path) -> None:
    with places(folder, 4 * SIZE) as found:
        for where, place, peers in found:
            path = save(weights(SIZE // 4, 1), place / "files" / "model")
            with folder_of(place, "ours") as made, nodes(made, plain=True) as (core, edge):
                published = core.do("publish", "model", path)
                manifest = published["manifest"]
                arguments = edge.process.args[3:]
                edge.tell("fetch", manifest, "bench/model/")
                while disk(edge.state) < SIZE / 2:
                    time.sleep(0.001)
                edge.kill()
                sent = core.do("sent")["bytes"]
                again = Node(edge.state, "edge-1", arguments)
                again.do("ready")
                warm(place)
                rest = again.do("fetch", manifest, "bench/model/")
                twice = sent + rest["wire"] - published["stored"]
                again.stop()
            theirs = {}
            with rsync_daemon(path.parent) as url:
                for name, options in peers.items():
                    with folder_of(place, "theirs") as target:
                        (target / "model").write_bytes(path.read_bytes()[: SIZE // 2])
                        warm(place)
                        name = name.replace("rsync", "rsync --append-verify")
                        theirs[name] = rsync(url, target, "--append-verify", *options)[0]
            compare("resume", f"killed at half, then to the end{where}", rest["seconds"], theirs)
            report("resume", f"sent twice{where}", twice / MIB, "MiB")


def disk(folder: Path) -> int:
    """Bytes that lie under a folder; files may go while they are counted."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def urgent(folder: Path, megabits: int = 100, updates: int = 200) -> None:
    """Updates of 64 KiB, one every 0.2 s, over a link that a bulk transfer fills; beside it what TCP moves over this link."""
    serialisation = 65536 * 8 / (megabits * 1e6)
    pause = 0.2
    # Twice what passes while the updates do, so that there is always something to send.
    bulk = save(weights(int(2 * updates * pause * megabits * 1e6 / 8) // 4, 1), folder / "bulk" / "bulk")
    probe = save(weights(10 * megabits * 125_000 // 20, 2), folder / "probe" / "probe")
    with network(megabits) as where:
        host, prefixes = where
        with tcp_server(probe, prefixes[0]) as port:
            link = probe.stat().st_size / tcp_copy(port, folder / "copy", host, prefixes[1])
        with folder_of(folder, "ours") as made, nodes(made, where=where) as (core, edge):
            manifests = [
                core.do("publish", f"update{number}", noise(65536, number, made / "updates" / str(number)))["manifest"]
                for number in range(updates)]
            edge.tell("begin", "fetch", core.do("publish", "bulk", bulk)["manifest"], "bench/bulk/", "bulk")
            while edge.do("received")["bytes"] < 4 * MIB:
                time.sleep(0.05)
            times, moved = [], edge.do("received")["bytes"]
            start = time.perf_counter()
            for number, manifest in enumerate(manifests):
                time.sleep(max(0, start + number * pause - time.perf_counter()))
                if time.perf_counter() - start > 1.5 * updates * pause:
                    break  # Bulk must not run out.
                times.append(edge.do("fetch", manifest, f"bench/update/{number}/", "urgent")["seconds"])
            seconds = time.perf_counter() - start
            moved = edge.do("received")["bytes"] - moved
            edge.kill()
    times.sort()
    percentile = times[int(0.99 * (len(times) - 1) + 0.5)]
    name = f"64 KiB beside bulk, {megabits} Mbit/s"
    compare("urgent", f"{name}, 99th percentile", percentile * 1e3, {"4 times its serialisation": 4 * serialisation * 1e3}, "ms")
    report("urgent", f"{name}, median", times[len(times) // 2] * 1e3, "ms")
    # What the updates took of the link is not bulk's to have.
    took = len(times) * 65536 / seconds
    report("urgent", "bulk's share of what TCP moves over the link", (moved / seconds - took) / (link - took), "of the link")


def memory(folder: Path) -> None:
    sizes = (SIZE // MIB,) if "GEDGE_BENCH_MIB" in os.environ else (100, 1000, 4000)
    for mib in sizes:
        with folder_of(folder, "run") as made:
            generator = np.random.default_rng(mib)
            path = made / "file"
            with path.open("wb") as file:
                for start in range(0, mib, 100):
                    file.write(generator.bytes(min(100, mib - start) * MIB))
            with nodes(made) as (core, edge):
                idle = {node.name: status_bytes(node.process.pid, "VmRSS") for node in (core, edge)}
                taken = core.do("ingest", "file", path)
                edge.do("fetch", taken["manifest"], "bench/file/")
                for node, role in ((core, "source"), (edge, "receiver")):
                    beyond = status_bytes(node.process.pid, "VmHWM") - idle[node.name]
                    report("memory", f"{role} beyond idle, {mib} MiB", beyond / 1e6, "MB")


SCENARIOS = {f.__name__: f for f in (first, blocks, finetune, fanout, smallfiles, resume, urgent, memory)}

if __name__ == "__main__":
    # Whoever ends it early must not leave namespaces and processes behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with TemporaryDirectory(prefix="gedge-", dir=os.environ.get("GEDGE_BENCH_DIRECTORY")) as made_folder:
        SCENARIOS[sys.argv[1]](Path(made_folder))
