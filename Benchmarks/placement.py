"""placement.py BIN: how far `gedge placement solve` is above the optimum on small instances, all plans of which are tried
one by one here, with a cost model of this script's own; and how long a batch of 400 jobs takes to a first plan.
"""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from support import record

INSTANCES = 60
SECONDS = 0.1


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


def main(binaries: str) -> None:
    gedge = f"{binaries}/gedge"
    with TemporaryDirectory(prefix="gedge-") as name:
        folder = Path(name)
        gaps = []
        for seed in range(INSTANCES):
            batch = instance(seed, edges=2, nodes=3, jobs=3)
            found = solve(gedge, batch, folder, "--time-limit", str(SECONDS))["objective"]
            gaps.append(100 * (found / optimum(batch) - 1))
        record("placement.optimum", "mean gap to the optimum", abs(round(mean(gaps), 6)), "%")
        record("placement.optimum", "largest gap to the optimum", abs(round(max(gaps), 6)), "%")
        large = instance(0, edges=100, nodes=20, jobs=400)
        first = solve(gedge, large, folder, "--iterations", "0")
        record("placement.optimum", "first plan of 400 jobs on 2,000 nodes", round(1000 * first["seconds"], 1), "ms")


if __name__ == "__main__":
    main(sys.argv[1])
