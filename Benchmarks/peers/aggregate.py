"""aggregate.py numpy|numpy-blocked|flower: the weighted mean of 8 updates of 25 million float32 parameters, as our benchmark
`fedlearn.aggregate` computes it; in GB/s of the bytes that must move (each update read once, the result written once).

- numpy: what a person writes first, one expression over whole arrays.
- numpy-blocked: the same a block at a time that fits the cache, with the product in a reused buffer.
- flower: `flwr.server.strategy.aggregate.aggregate`, which FedAvg calls.
"""

import json
import sys
import time

import numpy as np

UPDATES, PARAMETERS, REPEATS = 8, 25_000_000, 5
SAMPLES = list(range(1, UPDATES + 1))
BLOCK = 1 << 14


def by_numpy(updates, weights):
    return sum(weight * update for weight, update in zip(weights, updates))


def by_blocks(updates, weights):
    result = np.zeros_like(updates[0])
    product = np.empty(BLOCK, np.float32)
    for start in range(0, len(result), BLOCK):
        target = result[start : start + BLOCK]
        for weight, update in zip(weights, updates):
            part = product[: len(target)]
            np.multiply(update[start : start + BLOCK], weight, out=part)
            target += part
    return result


def by_flower(updates, weights):
    from flwr.server.strategy.aggregate import aggregate

    return aggregate([([update], samples) for update, samples in zip(updates, SAMPLES)])[0]


def main() -> None:
    ways = {"numpy": by_numpy, "numpy-blocked": by_blocks, "flower": by_flower}
    if len(sys.argv) != 2 or sys.argv[1] not in ways:
        sys.exit(__doc__)
    pattern = np.random.default_rng(1).standard_normal(4096, dtype=np.float32)
    updates = [np.resize(np.roll(pattern, -97 * k), PARAMETERS) for k in range(UPDATES)]
    weights = np.array(SAMPLES, np.float32) / np.float32(sum(SAMPLES))
    way = ways[sys.argv[1]]
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = way(updates, weights)
        best = min(best, time.perf_counter() - start)
    some = slice(None, None, 24_767)
    expected = sum(float(weight) * update[some].astype("f8") for weight, update in zip(weights, updates))
    if not np.allclose(result[some], expected, atol=1e-5):
        sys.exit(f"{sys.argv[1]} computed something else")
    moved = (UPDATES + 1) * PARAMETERS * 4
    print(json.dumps({"benchmark": "fedlearn.aggregate", "variant": "8 x 25 M floats, 1 thread", "value": moved / best / 1e9,
                      "unit": "GB/s", "seconds": best}))


if __name__ == "__main__":
    main()
