"""placement.py BIN WHAT: `gedge placement` on instances that are made here, against a cost model of this script's own.

optimum: how far `solve` is above the optimum on small instances, all plans of which are tried one by one.
single: one job on 50,000 nodes, found by `alone`, against a scan of all nodes in NumPy that is exact, too.
large: worker decisions a second until 4,000 jobs on 50,000 nodes have a first plan, against a scheduler in NumPy that filters
and scores all nodes for every worker, as kube-scheduler's least-allocated policy does.
"""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from support import record

INSTANCES = 60
SECONDS = 0.1
# How many jobs and workers the alternatives, which are slower, are timed on.
SCANS = 40
SCORED = 1000


def instance(seed: int, edges: int, nodes: int, jobs: int) -> dict:
    """Edges of `nodes` nodes each, and jobs that fit on most of them but not all at once."""
    r = random.Random(f"placement/{seed}")
    links = {"up": [1e5], "down": [1e5], "lat": [0.1], "bg": [0]}
    for _ in range(edges):
        links["up"].append(round(r.uniform(40, 600), 1))
        links["down"].append(round(r.uniform(80, 1200), 1))
        links["lat"].append(round(r.uniform(1, 30), 1))
        links["bg"].append(r.randint(0, 2))
    count = edges * nodes
    columns = {
        "edge": [1 + n // nodes for n in range(count)],
        "hw": [r.randrange(2) for _ in range(count)],
        "up": [round(r.uniform(100, 5000), 1) for _ in range(count)],
        "down": [round(r.uniform(100, 5000), 1) for _ in range(count)],
        "lat": [round(r.uniform(0.1, 9), 2) for _ in range(count)],
        "avail": [round(r.uniform(0.4, 1), 3) for _ in range(count)],
        "numa": [[[r.choice([4, 8]), 16, 1]] for _ in range(count)],
        "used": [[[0, 0, 0]] for _ in range(count)],
    }
    batch = []
    for number in range(jobs):
        k = r.randint(1, 2)
        holders = sorted(r.sample(range(count), min(count, 4 * k)))
        shards = [[n, r.randint(300, 6000)] for n in holders]
        batch.append({
            "id": number, "type": "federated", "agg": r.choice(["flat", "hier"]), "k": k,
            "w": round(r.uniform(0.001, 0.02), 5), "req": [r.choice([2, 4]), 4, 0], "numa": "single", "pen": 1.1,
            "prof": [0.02, 0.004], "rounds": r.randint(5, 60), "down": round(r.uniform(1, 200), 1),
            "up": round(r.uniform(1, 200), 1), "wm": 1.0, "wd": 1.0, "setup": 10.0, "agg_s": 0.2,
            "defer": round(r.uniform(2000, 9000), 1), "smb": 0.1, "shards": shards, "scope": [], "samples": 0,
            "cover": r.choice([0, sum(s for _, s in shards) * k // len(shards)])})
    return {"format": "placebench/1", "name": f"small-{seed}", "seed": seed, "hw": ["cpu", "gpu"], "edges": links,
            "nodes": columns, "jobs": batch}


def cost(batch: dict, plan: list[tuple[int, ...]]) -> float:
    """The objective of a plan, one tuple of nodes a job; infinite when a node is over its capacity."""
    nodes, links = batch["nodes"], batch["edges"]
    flows, used = list(links["bg"]), {}
    for job, chosen in zip(batch["jobs"], plan):
        for node in chosen:
            cpus, memory = used.get(node, (0, 0))
            used[node] = (cpus + job["req"][0], memory + job["req"][1])
        edges = [nodes["edge"][node] for node in chosen]
        for edge in edges if job["agg"] == "flat" else set(edges):
            flows[edge] += 1
    for node, (cpus, memory) in used.items():
        if cpus > nodes["numa"][node][0][0] or memory > nodes["numa"][node][0][1]:
            return float("inf")
    total = 0.0
    for job, chosen in zip(batch["jobs"], plan):
        if not chosen:
            total += job["w"] * job["defer"]
            continue
        samples = dict(job["shards"])
        slowest = 0.0
        for node in chosen:
            edge = nodes["edge"][node]
            parts = [(8 * job[way] / nodes[way][node], 8 * job[way] * flows[edge] / links[way][edge])
                     for way in ("down", "up")]
            transfer = sum(map(max, parts)) if job["agg"] == "flat" else sum(map(sum, parts))
            compute = samples[node] * job["prof"][nodes["hw"][node]] / nodes["avail"][node]
            slowest = max(slowest, compute + transfer + 2 * (links["lat"][edge] + nodes["lat"][node]) / 1000)
        total += job["w"] * (job["setup"] + job["rounds"] * (job["agg_s"] + slowest))
    return total


def optimum(batch: dict) -> float:
    choices = []
    for job in batch["jobs"]:
        samples = dict(job["shards"])
        sets = itertools.combinations(samples, job["k"])
        choices.append([()] + [chosen for chosen in sets if sum(samples[n] for n in chosen) >= job["cover"]])
    return min(cost(batch, plan) for plan in itertools.product(*choices))


def solve(gedge: str, batch: dict, folder: Path, *flags: str) -> dict:
    path = folder / "instance.json"
    path.write_text(json.dumps(batch))
    command = [gedge, "placement", "solve", "-i", str(path), "-p", str(folder / "plan.json"), "-o", "json", *flags]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def wide(batch: dict, count: int) -> dict:
    """The same clouds with `count` jobs of reinforcement learning, which may run on any node."""
    r = random.Random("placement/wide")
    batch = dict(batch, name="wide", jobs=[])
    for number in range(count):
        batch["jobs"].append({
            "id": number, "type": "reinforcement", "agg": "flat", "k": r.randint(3, 12), "w": 1.0,
            "req": [r.choice([2, 4]), 4, 0], "numa": "single", "pen": 1.1, "prof": [0.02, 0.004],
            "rounds": r.randint(5, 60), "down": round(r.uniform(1, 60), 1), "up": round(r.uniform(5, 200), 1), "wm": 1.0,
            "wd": 1.0, "setup": 10.0, "agg_s": 0.2, "defer": 1e9, "smb": 0.1, "shards": [],
            "scope": list(range(len(batch["edges"]["up"]))), "samples": r.randint(500, 5000), "cover": 0})
    return batch


class Scan:
    """The fastest place of a job alone, from the costs of all nodes. On an edge, the least that the slowest of m workers
    costs is the m-th smallest cost with m flows; the k smallest of these over all edges are the k workers."""

    def __init__(self, batch: dict, per_edge: int):
        nodes, links = batch["nodes"], batch["edges"]
        self.per_edge = per_edge
        self.speed = np.array(nodes["avail"])
        self.hardware = np.array(nodes["hw"])
        self.card = {way: np.array(nodes[way]) for way in ("up", "down")}
        edge = np.array(nodes["edge"])
        self.link = {way: np.array(links[way])[edge] for way in ("up", "down")}
        self.flows = np.array(links["bg"], dtype=float)[edge]
        self.latency = 2 * (np.array(links["lat"])[edge] + np.array(nodes["lat"])) / 1000
        self.cpus = np.array([domains[0][0] for domains in nodes["numa"]])

    def seconds(self, job: dict) -> float:
        compute = job["samples"] * np.array(job["prof"])[self.hardware] / self.speed + self.latency
        compute[self.cpus < job["req"][0]] = np.inf
        times = []
        for count in range(1, job["k"] + 1):
            cost = compute + sum(
                np.maximum(8 * job[way] / self.card[way], 8 * job[way] * (self.flows + count) / self.link[way])
                for way in ("up", "down"))
            times.append(np.partition(cost.reshape(-1, self.per_edge), count - 1, axis=1)[:, count - 1])
        slowest = np.partition(np.concatenate(times), job["k"] - 1)[job["k"] - 1]
        return job["setup"] + job["rounds"] * (job["agg_s"] + slowest)


def least_allocated(batch: dict, count: int) -> float:
    """Workers a second of a scheduler that takes them one by one: of all nodes with room, the one least in use."""
    cpus = np.array([domains[0][0] for domains in batch["nodes"]["numa"]], dtype=float)
    memory = np.array([domains[0][1] for domains in batch["nodes"]["numa"]], dtype=float)
    left_cpus, left_memory = cpus.copy(), memory.copy()
    requests = [job["req"] for job in batch["jobs"] for _ in range(job["k"])][:count]
    start = perf_counter()
    for need, room, _ in requests:
        score = (left_cpus - need) / cpus + (left_memory - room) / memory
        score[(left_cpus < need) | (left_memory < room)] = -1
        best = int(np.argmax(score))
        left_cpus[best] -= need
        left_memory[best] -= room
    return len(requests) / (perf_counter() - start)


def optimum_gaps(gedge: str, folder: Path) -> None:
    gaps = []
    for seed in range(INSTANCES):
        batch = instance(seed, edges=2, nodes=3, jobs=3)
        found = solve(gedge, batch, folder, "--time-limit", str(SECONDS))["objective"]
        gaps.append(100 * (found / optimum(batch) - 1))
    record("placement.optimum", "mean gap to the optimum", abs(round(mean(gaps), 6)), "%")
    record("placement.optimum", "largest gap to the optimum", abs(round(max(gaps), 6)), "%")
    large = instance(0, edges=100, nodes=20, jobs=400)
    first = solve(gedge, large, folder, "--iterations", "0")
    record("placement.optimum", "first plan of 400 jobs on 2,000 nodes", round(1000 * first["firstSeconds"], 1), "ms")


def single(gedge: str, folder: Path) -> None:
    batch = wide(instance(0, edges=1000, nodes=50, jobs=0), 400)
    path = folder / "instance.json"
    path.write_text(json.dumps(batch))
    command = [gedge, "placement", "alone", "-i", str(path), "-o", "json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    scan = Scan(batch, 50)
    times, worst = [], 0.0
    for number in range(SCANS):
        start = perf_counter()
        seconds = scan.seconds(batch["jobs"][number])
        times.append(1e6 * (perf_counter() - start))
        worst = max(worst, abs(found["jobs"][number]["seconds"] / seconds - 1))
    if worst > 1e-6:
        sys.exit(f"the index and the scan differ by {worst}")
    record("placement.single", "index, median", round(found["medianMicroseconds"], 1), "us")
    record("placement.single", "index, 99th percentile", round(found["percentile99Microseconds"], 1), "us")
    record("placement.single", "index, built once", round(1e6 * found["indexSeconds"]), "us")
    record("placement.single", "scan in NumPy, median", round(median(times)), "us")


def large(gedge: str, folder: Path) -> None:
    batch = instance(0, edges=1000, nodes=50, jobs=4000)
    for number, job in enumerate(wide(batch, 4000)["jobs"]):
        # As many workers as federated jobs have, four edges to choose from.
        if number % 2:
            first = 1 + (7 * number) % 996
            batch["jobs"][number] = dict(job, scope=list(range(first, first + 4)), w=0.01, defer=20000.0)
    found = solve(gedge, batch, folder, "--iterations", "0")
    record("placement.large", "gedge", round(found["workersPerSecond"]), "workers/s")
    record("placement.large", "least allocated in NumPy", round(least_allocated(batch, SCORED)), "workers/s")


def main(binaries: str, what: str) -> None:
    with TemporaryDirectory(prefix="gedge-") as name:
        {"optimum": optimum_gaps, "single": single, "large": large}[what](f"{binaries}/gedge", Path(name))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
