"""Clients: what a user writes to have a model of his own trained beside an edge."""

import logging
import math
import os
import queue
import signal
import threading
from dataclasses import dataclass, field

from gedge.connection import Connection
from gedge.parameters import pack, unpack

logger = logging.getLogger("gedge")


class ClientError(Exception):
    """A client returned what cannot be used."""


class NumPyClient:
    """A model as a list of NumPy arrays. Overwrite the three methods; `names` may name the arrays."""

    names = None

    def get_parameters(self, config):
        """The arrays of the untrained model."""
        raise NotImplementedError("the client has no get_parameters")

    def fit(self, parameters, config):
        """Trains from `parameters`; returns the new ones, the number of samples and a dictionary of metrics."""
        raise NotImplementedError("the client has no fit")

    def evaluate(self, parameters, config):
        """Judges `parameters`; returns the loss, the number of samples and a dictionary of metrics, such as `accuracy`."""
        raise NotImplementedError("the client has no evaluate")

    def to_client(self):
        return Client(self)


class Client:
    """Answers an edge's questions with a `NumPyClient`."""

    def __init__(self, numpy_client):
        self.numpy_client = numpy_client

    def to_client(self):
        return self

    def handle(self, task):
        """The body and the attachments of the answer."""
        client, config = self.numpy_client, _config(task.body)
        if task.subject == "trainer.initialise":
            specs, buffers = pack(client.get_parameters(config), client.names)
            return {"tensors": specs, "metrics": {}}, buffers
        specs = task.body["tensors"]
        parameters = unpack(specs, task.attachments)
        if task.subject == "trainer.fit":
            arrays, samples, metrics = _triple(client.fit(parameters, config), "fit", "parameters")
            specs, buffers = pack(arrays, client.names or [spec["name"] for spec in specs[: len(arrays)]])
            return {"tensors": specs, "samples": _count(samples, "fit"), "metrics": _metrics(metrics, "fit")}, buffers
        loss, samples, metrics = _triple(client.evaluate(parameters, config), "evaluate", "loss")
        loss = float(loss)
        if not math.isfinite(loss):
            raise ClientError(f"evaluate returned the loss {loss}")
        body = {"tensors": [], "samples": _count(samples, "evaluate"), "loss": loss}
        return body | {"metrics": _metrics(metrics, "evaluate")}, []


@dataclass
class Context:
    """What a `client_fn` may know: `state` lives as long as the process."""

    node_id: int = 0
    node_config: dict = field(default_factory=dict)
    run_config: dict = field(default_factory=dict)
    state: dict = field(default_factory=dict)


class ClientApp:
    """Makes a client for each question, as Flower's `ClientApp(client_fn=...)` does."""

    def __init__(self, client_fn):
        self.client_fn = client_fn
        self.context = Context()

    def to_client(self):
        return self

    def handle(self, task):
        self.context.run_config = _config(task.body)
        return self.client_fn(self.context).to_client().handle(task)

    def start(self, *, server_address=None, dataset=None, node_config=None):
        """Serves the edge until the process is told to end."""
        self.context.node_config = dict(node_config or {})
        start_client(server_address=server_address, client=self, dataset=dataset)


def start_numpy_client(*, server_address=None, client, dataset=None):
    """Serves an edge with `client` until SIGTERM or Ctrl-C; an edge that is away is waited for.

    `server_address`: the edge's state directory; `dataset`: what jobs call the data. Both come from the environment in a
    trainer that its edge starts.
    """
    start_client(server_address=server_address, client=client.to_client(), dataset=dataset)


def start_client(*, server_address=None, client, dataset=None):
    """As `start_numpy_client`, for anything that has `to_client()`."""
    dataset = dataset or os.environ.get("GEDGE_TRAINER_DATASET")
    if not dataset:
        raise ValueError("dataset is missing: give the name under which jobs know the data, or set GEDGE_TRAINER_DATASET")
    handler = client.to_client()
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGTERM, lambda *_: _end(stop))
    else:
        before = None
    connection = None
    try:
        connection = Connection(server_address, dataset, "gedge-python/0.1.0")
        while not stop.is_set():
            try:
                task = connection.tasks.get(timeout=0.2)
            except queue.Empty:
                continue
            if connection.is_current(task):
                _answer(connection, handler, task)
    except (KeyboardInterrupt, _Stopped):
        pass
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
        if connection is not None:
            connection.close()


class _Stopped(BaseException):
    """SIGTERM, wherever the client's code is."""


def _end(stop):
    stop.set()
    raise _Stopped


def _answer(connection, handler, task):
    work = task.subject.removeprefix("trainer.")
    try:
        body, attachments = handler.handle(task)
    except Exception as error:
        logger.exception("round %s of job '%s': %s failed", task.body["round"], task.body["job"], work)
        connection.fail(task, "trainer-failed", f"the trainer's {work} failed: {type(error).__name__}: {error}"[:1000])
    else:
        connection.answer(task, body, attachments)


def _config(body):
    """What Flower's `config` says, as far as the job says it."""
    optimizer = body.get("optimizer") or {}
    known = {
        "server_round": body["round"],
        "job": body["job"],
        "seed": body["seed"],
        "local_epochs": optimizer.get("localEpochs"),
        "batch_size": optimizer.get("batchSize"),
        "learning_rate": optimizer.get("learningRate"),
        "momentum": optimizer.get("momentum"),
        "weight_decay": optimizer.get("weightDecay"),
        "proximal_mu": body.get("proximal"),
    }
    return {name: value for name, value in known.items() if value is not None}


def _triple(result, method, first):
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise ClientError(f"{method} must return ({first}, number of samples, metrics), not {type(result).__name__}")
    return result


def _count(samples, method):
    if int(samples) != samples or samples < 1:
        raise ClientError(f"{method} must return a number of samples of at least 1, not {samples!r}")
    return int(samples)


def _metrics(metrics, method):
    """Those that are numbers; what the platform understands must be one."""
    numbers = {}
    for name, value in (metrics or {}).items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if math.isfinite(number):
            numbers[str(name)] = number
        elif name in ("loss", "accuracy"):
            raise ClientError(f"{method} returned the {name} {value!r}")
        else:
            logger.warning("%s returned the metric %s = %r, which is no finite number", method, name, value)
    return numbers
