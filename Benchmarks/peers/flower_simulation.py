"""flower_simulation.py DIGITS CLIENTS ROUNDS: Flower's simulation engine on the handwritten digits, every client asked in every round; a
perceptron of 64-128-10 trained with NumPy, with the schedule of Benchmarks/simulation.py. Prints the seconds of a round and peak memory.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["RAY_DISABLE_IMPORT_WARNING"] = "1"

import numpy
from flwr.client import ClientApp, NumPyClient
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.simulation import run_simulation

PATH, CLIENTS, ROUNDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
RATE, MOMENTUM, BATCH, EPOCHS = 0.05, 0.9, 8, 2
STAMPS: list[float] = []


def samples():
    """Read once by each worker, and kept where Ray does not send it anew with each task."""
    if not hasattr(numpy, "digits"):
        table = numpy.loadtxt(PATH, delimiter=",", dtype=numpy.float32)
        numpy.digits = table[numpy.random.default_rng(1).permutation(len(table))]
    return numpy.digits


def share(number: int):
    part = samples()[number::CLIENTS]
    return part[:, :-1] / 16, part[:, -1].astype(int)


def train(weights, features, labels, seed):
    (w0, b0, w1, b1), velocity = [w.copy() for w in weights], [numpy.zeros_like(w) for w in weights]
    generator = numpy.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = generator.permutation(len(labels))
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            x, y = features[rows], labels[rows]
            hidden = numpy.maximum(x @ w0.T + b0, 0)
            scores = hidden @ w1.T + b1
            scores = numpy.exp(scores - scores.max(1, keepdims=True))
            error = scores / scores.sum(1, keepdims=True)
            error[numpy.arange(len(y)), y] -= 1
            error /= len(y)
            back = (error @ w1) * (hidden > 0)
            for v, w, g in zip(velocity, (w0, b0, w1, b1), (back.T @ x, back.sum(0), error.T @ hidden, error.sum(0))):
                v *= MOMENTUM
                v += g
                w -= RATE * v
    return [w0, b0, w1, b1]


class Client(NumPyClient):
    def __init__(self, number):
        self.number = number

    def fit(self, parameters, config):
        features, labels = share(self.number)
        return train(parameters, features, labels, self.number), len(labels), {}


class Timed(FedAvg):
    def aggregate_fit(self, server_round, results, failures):
        if failures or len(results) != CLIENTS:
            raise SystemExit(f"round {server_round}: {len(results)} of {CLIENTS} clients answered")
        model = super().aggregate_fit(server_round, results, failures)
        STAMPS.append(time.monotonic())
        return model


def resident() -> int:
    """Bytes of this process and all below it, shared pages counted once for each process's share."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    family, grown = {os.getpid()}, True
    while grown:
        grown = False
        for child, parent in parents.items():
            if parent in family and child not in family:
                family.add(child)
                grown = True
    total = 0
    for process in family:
        try:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def watch(peak: list[int], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        peak[0] = max(peak[0], resident())


def main() -> None:
    generator = numpy.random.default_rng(0)
    initial = [
        generator.normal(0, 0.1, (128, 64)).astype("float32"), numpy.zeros(128, "float32"),
        generator.normal(0, 0.1, (10, 128)).astype("float32"), numpy.zeros(10, "float32"),
    ]

    def server(_: Context) -> ServerAppComponents:
        strategy = Timed(
            fraction_fit=1, fraction_evaluate=0, min_fit_clients=CLIENTS, min_available_clients=CLIENTS,
            initial_parameters=ndarrays_to_parameters(initial))
        STAMPS.append(time.monotonic())
        return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=ROUNDS))

    def client(context: Context):
        return Client(int(context.node_config["partition-id"])).to_client()

    peak, stop = [0], threading.Event()
    watcher = threading.Thread(target=watch, args=(peak, stop))
    watcher.start()
    run_simulation(
        ServerApp(server_fn=server), ClientApp(client_fn=client), num_supernodes=CLIENTS,
        backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0}, "init_args": {"include_dashboard": False}})
    stop.set()
    watcher.join()
    # The first round also starts the workers.
    seconds = (STAMPS[-1] - STAMPS[1]) / (len(STAMPS) - 2)
    for variant, value, unit in [("a round", seconds, "s"), ("peak memory", peak[0] / 1e6, "MB")]:
        print(json.dumps({"benchmark": "fedlearn.simulate", "variant": variant, "value": value, "unit": unit}))


if __name__ == "__main__":
    main()
