"""prediction.py BIN: how far predicted times are from what training takes on this machine.

Rounds of sixteen models are trained and timed one by one, on two classes of hardware: this machine as it is, and this machine
with OpenBLAS held to its kernels for processors of 2008, which have no AVX. That makes products several times slower and leaves
the rest as it is, as an older machine would be; it is no other machine. A federated job is composed of rounds that were
measured one after the other, with transfers that are computed.

What is to be predicted is measured three times, and the middle one counts. Processor time is what the training thread had of a
processor; wall time is what users wait, with all that else runs on the machine.
"""

import os
import subprocess
import sys

SEED = "1"
MOST = "6000"
OLD_KERNELS = "Nehalem"


def measure(program: str, hardware: str, **environment: str) -> str:
    command = [program, "measure", hardware, SEED, MOST]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout


def main(binaries: str) -> None:
    program = f"{binaries}/bench-prediction"
    rounds = measure(program, "known") + measure(program, "new", OPENBLAS_CORETYPE=OLD_KERNELS)
    for clock in ("processor", "wall"):
        subprocess.run([program, "judge", clock], input=rounds, text=True, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
