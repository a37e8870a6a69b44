"""compression.py BIN [SVG]: error against bytes on the handwritten digits for each way of sending updates, with real daemons on
loopback.

One core and three edges with uneven shares, as Tools/run has them. Bytes are those that moved from an edge, an update at a time:
after DataSync's own compression, which whole updates have too. SVG: where to draw it.
"""

import json
import math
import sys
import time
from pathlib import Path

from demo.__main__ import EDGES, prepare_data
from support import ROOT, cluster, record

KINDS = {
    "none": "none", "fp16": "fp16", "bfloat16": "bfloat16", "int8": "int8", "top-k 10 %": "top-k, fraction: 0.1",
    "top-k 1 %": "top-k, fraction: 0.01",
}
ROUNDS = 30
PATIENCE = 300


def job(name: str, compression: str) -> str:
    return f"""apiVersion: gedge/v1
kind: TrainingJob
metadata: {{group: bench, project: {name}, name: {name}}}
spec:
  model: {{kind: perceptron, hidden: [128]}}
  data: {{dataset: digits, features: 64, classes: 10}}
  rounds: {ROUNDS}
  optimizer: {{learningRate: 0.05, momentum: 0.9, batchSize: 8, localEpochs: 2}}
  clients: {{minimum: {len(EDGES)}}}
  compression: {{kind: {compression}}}
  evaluation: {{dataset: digits-test}}
  roundDeadlineSeconds: 60
  seed: 7
"""


def measure(made, number: int, compression: str) -> tuple[float, float, float]:
    """Bytes of an update, of the same update whole, and the share of the test data that the last model gets wrong."""
    name = f"job-{number}"
    path = made.state / f"{name}.yaml"
    path.write_text(job(name, compression))
    made.must("apply", "-f", str(path))
    end = time.monotonic() + PATIENCE
    while True:
        status = json.loads(made.must("get", f"job/{name}", "-o", "json"))["status"]
        if status["phase"] == "Succeeded":
            break
        if status["phase"] == "Failed" or time.monotonic() > end:
            raise RuntimeError(f"the job with compression {compression} is {status['phase']}: {status['conditions']}")
        made.check()
        time.sleep(0.2)
    last = status["rounds"][-1]
    updates = ROUNDS * len(EDGES)
    whole = last["compression"]["wholeBytes"] / len(last["contributors"])
    return status["totals"]["bytesFromEdges"] / updates, whole, 1 - last["accuracy"]


def drawing(points: dict[str, tuple[float, float]]) -> str:
    """Error over bytes of an update, the bytes on a scale of tenfold steps."""
    width, height, left, bottom = 640, 360, 70, 50
    low = 10 ** math.floor(math.log10(min(size for size, _ in points.values())))
    high = 10 ** math.ceil(math.log10(max(size for size, _ in points.values())))
    top = max(error for _, error in points.values()) * 1.5 or 1

    def place(size: float, error: float) -> tuple[float, float]:
        share = (math.log10(size) - math.log10(low)) / (math.log10(high) - math.log10(low))
        return left + share * (width - left - 90), height - bottom - error / top * (height - bottom - 30)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<path d="M{left} 30V{height - bottom}H{width - 20}" fill="none" stroke="#444"/>',
        f'<text x="{left}" y="{height - 10}">bytes of an update that moved</text>', '<text x="10" y="14">wrong, %</text>',
    ]
    size = low
    while size <= high:
        x, y = place(size, 0)
        lines.append(f'<path d="M{x:.1f} {y:.1f}v5" stroke="#444"/><text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{size:,.0f}</text>')
        size *= 10
    for part in range(5):
        x, y = place(low, top * part / 4)
        lines.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{25 * part * top:.1f}</text>')
    for index, (name, point) in enumerate(points.items()):
        x, y = place(*point)
        # Aslant, above and below in turn, because points lie close beside each other.
        side = 1 if index % 2 else -1
        lines.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1f77b4"/>'
            f'<text transform="translate({x + 4:.1f} {y + side * 10:.1f}) rotate({side * 50})">{name}</text>')
    return "\n".join(lines + ["</svg>"]) + "\n"


def main(binaries: str, target: str | None = None) -> None:
    points = {}
    with cluster(executables=Path(binaries)) as made:
        prepare_data(made, ROOT)
        made.start_core()
        for edge in EDGES:
            made.start_edge(edge)
        for number, (name, compression) in enumerate(KINDS.items(), start=1):
            size, whole, error = measure(made, number, compression)
            record("fedlearn.compression", f"{name}, bytes of an update", size, "B")
            record("fedlearn.compression", f"{name}, share of a whole one", 100 * size / whole, "%")
            record("fedlearn.compression", f"{name}, wrong", 100 * error, "%")
            points[name] = (size, error)
    if target:
        Path(target).write_text(drawing(points))


if __name__ == "__main__":
    main(*sys.argv[1:])
