"""simulation.py BIN: a federated job with 1,000 simulated clients on the handwritten digits, all asked in every round."""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from support import ROOT, record

CLIENTS, ROUNDS = 1000, 10
JOB = f"""
apiVersion: gedge/v1
kind: TrainingJob
metadata: {{group: bench, project: digits, name: digits}}
spec:
  model: {{kind: perceptron, hidden: [128]}}
  data: {{dataset: digits, features: 64, classes: 10}}
  rounds: {ROUNDS}
  optimizer: {{learningRate: 0.05, momentum: 0.9, batchSize: 8, localEpochs: 2}}
  clients: {{minimum: {CLIENTS}}}
  seed: 1
"""


def main(binaries: str) -> None:
    with tempfile.TemporaryDirectory(prefix="gedge-") as folder:
        job = Path(folder) / "job.yaml"
        job.write_text(JOB)
        command = [
            f"{binaries}/gedge", "simulate", "-f", str(job), "--data", str(ROOT / "data/digits/digits.csv"), "--scale", "1/16",
            "--clients", str(CLIENTS), "-o", "json",
        ]
        outcome = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    rounds = outcome["rounds"]
    # As of the peer, the first round does not count.
    record("fedlearn.simulate", "a round", sum(one["seconds"] for one in rounds[1:]) / (ROUNDS - 1), "s")
    record("fedlearn.simulate", "peak memory", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000, "MB")


if __name__ == "__main__":
    main(sys.argv[1])
