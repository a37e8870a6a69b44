"""Tools/run: one core and three edges train a model on the handwritten digits, live in this terminal."""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import interrupts, ports
from .build import BuildError, build
from .cluster import Cluster, ClusterError, Dataset
from .interrupts import Stop
from .state import RunState, StateError

EDGES = ["edge-1", "edge-2", "edge-3"]
PRODUCTS = ["core-cloud", "edge-cloud", "gedge"]
JOB = "digits"
PIXELS = {"scale": "1/16", "classes": "10"}  # pixels go from 0 to 16; a share may lack a digit

EPILOG = """Everything lies under the state directory: data, keys, databases, models, logs. Typed again, the command goes on
from there. Ctrl-C stops every process."""


def say(text: str = "") -> None:
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="Tools/run", description="Builds GEdge and trains a federated model across three edge clouds on this machine.",
        epilog=EPILOG)
    parser.add_argument("--root", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--fresh", action="store_true", help="forget the state of earlier runs and start anew")
    parser.add_argument("--exit", action="store_true", dest="exits", help="end when the job ends")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the outcome as JSON")
    parser.add_argument("--state", type=Path, metavar="DIR", help="where everything lies (default: .gedge)")
    parser.add_argument("--port", type=int, default=ports.DEFAULT, metavar="N", help="first of four ports in a row (default: %(default)s)")
    return parser.parse_args()


def prepare_data(cluster: Cluster, root: Path) -> None:
    """Splits the digits once: a held-out fifth for the core, and three uneven, label-skewed shares."""
    data, done = cluster.state / "data", cluster.state / "data.done"
    if not done.exists():
        shutil.rmtree(data, ignore_errors=True)  # of a split that was interrupted
        cluster.must(
            "data", "split", "--input", str(root / "data" / "digits" / "digits.csv"), "--output", str(data),
            "--parts", str(len(EDGES)), "--holdout", "0.2", "--by", "dirichlet", "--alpha", "1.0",
            "--proportions", "3,2,1", "--seed", "7")
        done.touch()
    cluster.core_datasets = [
        Dataset("digits-test", data / "test.csv", PIXELS), Dataset("digits-pooled", data / "train.csv", PIXELS)]
    cluster.edge_datasets = {
        edge: [Dataset("digits", data / f"part-{number}.csv", PIXELS)] for number, edge in enumerate(EDGES, start=1)}


def job_phase(cluster: Cluster) -> str | None:
    done = cluster.gedge("get", f"job/{JOB}", "-o", "json")
    return json.loads(done.stdout)["status"]["phase"] if done.returncode == 0 else None


def submit(cluster: Cluster, root: Path) -> bool:
    """Applies the example job unless it is there; returns whether it was done before."""
    source, applied = root / "examples" / "digits.yaml", cluster.state / "digits.yaml"
    phase = job_phase(cluster)
    if phase is None:
        applied.write_bytes(source.read_bytes())
        cluster.must("apply", "-f", str(source))
        return False
    if applied.exists() and applied.read_bytes() != source.read_bytes():
        say(f"{source.relative_to(root)} has changed since this job was applied; --fresh starts anew with it.")
    if phase in ("Succeeded", "Failed"):
        say(f"The job {JOB} is done already ({phase}); --fresh starts anew.")
        return True
    say(f"Going on with the job {JOB}.")
    return False


def watch(cluster: Cluster) -> bool:
    """Follows the job to its end; returns whether it succeeded."""
    watcher = None
    try:
        with interrupts.deferred():
            watcher = subprocess.Popen(cluster.gedge_command("watch", f"job/{JOB}"), stdin=subprocess.DEVNULL)
        while watcher.poll() is None:
            cluster.check()
            time.sleep(0.1)
    finally:
        if watcher and watcher.poll() is None:
            watcher.terminate()
            watcher.wait()
    cluster.check()
    return watcher.returncode == 0


def report(cluster: Cluster) -> dict:
    figures = json.loads(cluster.must("report", f"job/{JOB}"))
    keys = [
        "accuracy", "baselineAccuracy", "rounds", "edges", "wallSeconds", "bytesToEdges", "bytesFromEdges", "model"]
    return {key: figures[key] for key in keys}


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def relative(path: Path) -> str:
    """`path` as a word to type in a shell, here."""
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def summary(figures: dict, cluster: Cluster, is_shown: bool) -> str:
    """What came out, without what the live display has shown already."""
    model = f'model        {figures["model"]}, kept in {relative(cluster.core_directory)}'
    if not is_shown:
        moved = figures["bytesToEdges"] + figures["bytesFromEdges"]
        model = f"""accuracy     {percent(figures["accuracy"])} on data that no edge has seen; trained centrally: {percent(figures["baselineAccuracy"])}
rounds       {figures["rounds"]} over {figures["edges"]} edges, {figures["wallSeconds"]:.1f} s, {moved / 1e6:.2f} MB moved
{model}"""
    return f"\n{model}"


def advice(options: argparse.Namespace, cluster: Cluster) -> str:
    """What to type next: to look around while everything runs, or to start it again when it is about to stop."""
    gedge = relative(options.root / ".build" / "release" / "gedge")
    if options.exits:
        again = [relative(options.root / "Tools" / "run")]
        if options.state:
            again += ["--state", relative(options.state)]
        if options.port != ports.DEFAULT:
            again += ["--port", str(options.port)]
        return f"""
Try next, to start everything again with this state and keep it running:
  {" ".join(again)}"""
    return f"""
Try next, in another terminal:
  export GEDGE_STATE={relative(cluster.core_directory)}
  {gedge} get edges
  {gedge} get models
  {gedge} describe job/{JOB}
  {gedge} logs --tail 20"""


def demonstrate(options: argparse.Namespace, cluster: Cluster) -> int:
    say("Building (the first time takes some minutes) …")
    cluster.executables = build(options.root, PRODUCTS)
    cluster.port = ports.choose(options.port)
    if cluster.port != options.port:
        say(f"Port {options.port} or one of the three after it is taken; using {cluster.port} to {cluster.port + 3}.")
    prepare_data(cluster, options.root)
    seconds = cluster.start_core()
    say(f"core-cloud   ready in {seconds:.2f} s on tcp://127.0.0.1:{cluster.port}, state in {relative(cluster.core_directory)}")
    for edge in EDGES:
        seconds = cluster.start_edge(edge)
        say(f"{edge}       ready in {seconds:.2f} s")
    was_done = submit(cluster, options.root)
    succeeded = job_phase(cluster) == "Succeeded" if was_done else watch(cluster)
    if not succeeded:
        say(cluster.gedge("describe", f"job/{JOB}").stdout)
    else:
        figures = report(cluster)
        if options.report:
            options.report.write_text(json.dumps(figures, indent=2) + "\n")
            say(f"report       {options.report}")
        say(summary(figures, cluster, is_shown=sys.stdout.isatty() and not was_done))
        say(advice(options, cluster))
    if options.exits:
        return 0 if succeeded else 1
    try:
        say("\nRunning until Ctrl-C.")
        while True:
            cluster.check()
            time.sleep(0.5)
    except Stop:
        say("\nStopping …")
        return 0 if succeeded else 1


def main() -> int:
    options = arguments()
    options.root = options.root.resolve()
    state = RunState((options.state or options.root / ".gedge").absolute())

    interrupts.install()
    try:
        state.open(options.fresh)
    except (StateError, OSError) as error:
        say(f"run: error: {error}")
        return 1
    cluster = Cluster(state.path, options.root / ".build" / "release", options.port)
    code = 0
    try:
        code = demonstrate(options, cluster)
    except Stop:
        say("\nStopping before the job has ended …")
        code = 130  # as a shell counts an end by Ctrl-C
    except (BuildError, ClusterError, OSError) as error:
        say(f"run: error: {error}")
        code = 1
    finally:
        interrupts.ignore()
        killed = cluster.stop()
    if killed:
        say(f"run: error: {', '.join(killed)} did not stop in time and had to be killed")
        code = 1
    else:
        say("Every process has stopped.")
    return code


if __name__ == "__main__":
    sys.exit(main())
