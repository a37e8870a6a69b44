"""rounds.py: what a round costs beyond training, for two sizes of model and 2, 4 and 8 edges, with real daemons on loopback;
and the core's peak memory, which must not grow with the number of edges.

A round's cost is its time less the longest training among its edges: planning, moving the model out and the updates in,
averaging, storing and committing. All daemons share this machine's processors.
"""

import json
import random
from pathlib import Path
from statistics import median

from support import cluster, record, status_bytes
from demo.cluster import Cluster, Dataset

FEATURES, CLASSES, SAMPLES = 64, 10, 8
MODELS = {"1 MB": [512, 420], "50 MB": [1024, 12000]}
EDGES = [2, 4, 8]
ROUNDS = 5  # the first, which also warms everything, is left out


def write_data(path: Path, seed: int) -> Path:
    generator = random.Random(seed)
    rows = [[f"{generator.random():.4f}" for _ in range(FEATURES)] + [str(n % CLASSES)] for n in range(SAMPLES)]
    path.write_text("".join(",".join(row) + "\n" for row in rows))
    return path


def job(name: str, hidden: list[int], edges: int) -> str:
    return f"""apiVersion: gedge/v1
kind: TrainingJob
metadata: {{group: bench, project: {name}, name: {name}}}
spec:
  model: {{kind: perceptron, hidden: {hidden}}}
  data: {{dataset: random, features: {FEATURES}, classes: {CLASSES}}}
  rounds: {ROUNDS}
  optimizer: {{batchSize: {SAMPLES}, localEpochs: 1}}
  clients: {{minimum: {edges}}}
  roundDeadlineSeconds: 120
"""


def training_seconds(made: Cluster, job_name: str) -> list[float]:
    """For each round, the longest time an edge trained, from the edges' logs."""
    longest = [0.0] * ROUNDS
    for daemon in made.edges:
        logs = sorted((made.state / daemon.name).rglob("*.jsonl")) + sorted((made.state / daemon.name).rglob("*.log"))
        records = [json.loads(line) for log in logs for line in log.read_text().splitlines() if line.startswith("{")]
        own = [float(r["seconds"]) for r in records if r["message"] == "round trained" and r.get("job") == job_name]
        if len(own) < ROUNDS:
            raise RuntimeError(f"{daemon.name} logged {len(own)} trained rounds of {ROUNDS}")
        longest = [max(pair) for pair in zip(longest, own)]
    return longest


def measure(size: str, hidden: list[int], count: int) -> None:
    with cluster() as made:
        data = made.state / "data"
        data.mkdir()
        names = [f"edge-{number}" for number in range(1, count + 1)]
        for number, name in enumerate(names):
            path = write_data(data / f"{name}.csv", number)
            made.edge_datasets[name] = [Dataset("random", path, {"classes": str(CLASSES)})]
        made.start_core()
        for name in names:
            made.start_edge(name)
        name = "bench"
        document = made.state / "job.yaml"
        document.write_text(job(name, hidden, count))
        made.must("apply", "-f", str(document))
        made.must("wait", f"job/{name}", "--timeout", "10m")
        rounds = json.loads(made.must("get", f"job/{name}", "-o", "json"))["status"]["rounds"]
        trained = training_seconds(made, name)
        costs = [entry["seconds"] - train for entry, train in zip(rounds, trained)][1:]
        record("fedlearn.round", f"cost, {size}, {count} edges", 1000 * median(costs), "ms")
        peak = status_bytes(made.core.process.pid, "VmHWM")
        record("fedlearn.round", f"core peak memory, {size}, {count} edges", peak / 1e6, "MB")


for size, hidden in MODELS.items():
    for count in EDGES:
        measure(size, hidden, count)
