import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

SDK = Path(__file__).resolve().parents[2] / "python-sdk"
PEERS = Path(__file__).resolve().parents[3] / "Tests" / "peers"
sys.path[:0] = [str(SDK), str(PEERS)]
NEEDS = [name for name in ("numpy", "zmq") if importlib.util.find_spec(name) is None]

if not NEEDS:
    import numpy as np
    import zmq
    from gedge.client import ClientApp, NumPyClient
    from gedge.connection import AddressError, Connection, endpoint
    from gedge.parameters import get_weights, pack, set_weights, unpack, weight_names
    from gedge_wire import ACKNOWLEDGEMENT, LANE_NUMBERS, Message, decode

SPECS = [{"name": "weight", "shape": [2], "type": "float32"}]


class Edge:
    """An edge's side of the socket for trainers, with the frames of Tests/peers."""

    def __init__(self, path):
        self.context = zmq.Context()
        self.sockets, self.sent = {}, dict.fromkeys(LANE_NUMBERS, 0)
        for lane in LANE_NUMBERS:
            self.sockets[lane] = self.context.socket(zmq.ROUTER)
            self.sockets[lane].linger = 0
            self.sockets[lane].bind(f"ipc://{path}/run/trainer.{lane}")
        self.routes, self.session, self.hello, self.goodbyes = {}, None, None, 0

    def send(self, message):
        self.sent[message.lane] += 1
        message.session, message.sequence = self.session, self.sent[message.lane]
        self.sockets[message.lane].send_multipart([self.routes[message.lane], *message.parts()])

    def until(self, is_done, seconds=20):
        """Serves until `is_done(message)` holds of a message, which is returned."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for lane, socket in self.sockets.items():
                if not socket.poll(20):
                    continue
                route, *parts = socket.recv_multipart()
                message = decode(parts, lane)
                if message.kind == "hello":
                    if message.session != self.session:
                        self.session, self.sent = message.session, dict.fromkeys(LANE_NUMBERS, 0)
                    self.routes[lane] = route
                    self.send(Message("welcome", lane, body=b"{}"))
                elif message.kind == "request":
                    self.hello = json.loads(message.body)
                    body = json.dumps({"edge": "edge-1"}).encode()
                    self.send(Message("reply", lane, correlation=message.correlation, body=body))
                elif message.kind == "goodbye" and not message.flags & ACKNOWLEDGEMENT:
                    self.goodbyes += 1
                    self.send(Message("goodbye", lane, ACKNOWLEDGEMENT, body=message.body))
                if is_done(message):
                    return message
        raise TimeoutError

    def trainer(self):
        self.until(lambda message: message.kind == "request")

    def ask(self, work, arrays=(), **fields):
        """The answer's kind, body and arrays."""
        specs, buffers = pack(list(arrays))
        body = {"job": "job", "dataset": "photos", "round": 2, "seed": 7, "tensors": specs} | fields
        request = Message("request", "model", correlation=9, subject=f"trainer.{work}", body=json.dumps(body).encode())
        request.attachments = buffers
        self.send(request)
        answer = self.until(lambda message: message.kind in ("reply", "failure"))
        body = json.loads(answer.body)
        return answer.kind, body, unpack(body.get("tensors", []), answer.attachments)

    def close(self):
        self.context.destroy(linger=0)


if not NEEDS:

    class Doubler(NumPyClient):
        names = ["weight"]
        seen = None

        def get_parameters(self, config):
            return [np.array([1.0, 2.0])]

        def fit(self, parameters, config):
            Doubler.seen = config
            if config["seed"] == 0:
                raise KeyError("no such layer")
            return [parameters[0] * 2], 30, {"loss": 0.25, "note": "text"}

        def evaluate(self, parameters, config):
            return float("nan") if config["seed"] == 0 else 1.5, 10, {"accuracy": 0.5}


@unittest.skipIf(NEEDS, f"needs {', '.join(NEEDS)}")
class TrainerTests(unittest.TestCase):
    def setUp(self):
        logging.getLogger("gedge").setLevel(logging.CRITICAL)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)
        (self.path / "run").mkdir()

    def serve(self, handler):
        """Answers an edge as `start_client` does, on a thread."""
        from gedge import client

        connection = Connection(self.path, "photos", "test")
        stop = threading.Event()

        def loop():
            while not stop.is_set():
                try:
                    task = connection.tasks.get(timeout=0.05)
                except client.queue.Empty:
                    continue
                client._answer(connection, handler, task)

        thread = threading.Thread(target=loop)
        thread.start()
        self.addCleanup(connection.close)
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        return connection

    def edge(self):
        edge = Edge(self.path)
        self.addCleanup(edge.close)
        return edge

    def test_answers_what_an_edge_asks(self):
        edge = self.edge()
        self.serve(Doubler().to_client())
        edge.trainer()
        self.assertEqual(edge.hello, {"dataset": "photos", "software": "test"})
        kind, body, arrays = edge.ask("initialise")
        self.assertEqual((kind, body["tensors"]), ("reply", SPECS))
        np.testing.assert_array_equal(arrays[0], [1, 2])
        kind, body, arrays = edge.ask("fit", [[3, 4]], optimizer={"localEpochs": 5, "learningRate": 0.1}, proximal=0.01)
        self.assertEqual((kind, body["samples"], body["metrics"]), ("reply", 30, {"loss": 0.25}))
        np.testing.assert_array_equal(arrays[0], [6, 8])
        self.assertEqual(
            Doubler.seen,
            {"server_round": 2, "job": "job", "seed": 7, "local_epochs": 5, "learning_rate": 0.1, "proximal_mu": 0.01},
        )
        kind, body, _ = edge.ask("evaluate", [[3, 4]])
        self.assertEqual((kind, body["loss"], body["samples"], body["metrics"]), ("reply", 1.5, 10, {"accuracy": 0.5}))

    def test_a_failure_is_told_and_survived(self):
        edge = self.edge()
        self.serve(Doubler().to_client())
        edge.trainer()
        kind, body, _ = edge.ask("fit", [[3, 4]], seed=0)
        self.assertEqual(kind, "failure")
        self.assertEqual(body["message"], "the trainer's fit failed: KeyError: 'no such layer'")
        kind, body, _ = edge.ask("evaluate", [[3, 4]], seed=0)
        self.assertEqual(body["message"], "the trainer's evaluate failed: ClientError: evaluate returned the loss nan")
        self.assertEqual(edge.ask("fit", [[3, 4]])[0], "reply")

    def test_comes_back_to_an_edge_that_was_away(self):
        self.serve(Doubler().to_client())
        first = self.edge()
        first.trainer()
        session = first.session
        first.close()
        second = self.edge()
        # The frames of the old session mean nothing to the new edge; a new hello comes after the lease.
        second.until(lambda message: message.kind == "request" and message.session > session, seconds=60)
        self.assertEqual(second.ask("fit", [[3, 4]])[1]["samples"], 30)

    def test_a_client_app_makes_a_client_for_each_question(self):
        made = []

        def client_fn(context):
            made.append((context.run_config["server_round"], context.node_config["share"]))
            return Doubler().to_client()

        app = ClientApp(client_fn=client_fn)
        app.context.node_config = {"share": 3}
        edge = self.edge()
        self.serve(app)
        edge.trainer()
        edge.ask("fit", [[3, 4]])
        edge.ask("evaluate", [[3, 4]], round=3)
        self.assertEqual(made, [(2, 3), (3, 3)])

    def test_ends_in_good_order_at_sigterm(self):
        program = (
            "from gedge.client import NumPyClient, start_numpy_client\n"
            "start_numpy_client(client=NumPyClient(), dataset='photos')\n"
            "print('ended')\n"
        )
        edge = self.edge()
        environment = os.environ | {"PYTHONPATH": str(SDK), "GEDGE_TRAINER_ADDRESS": str(self.path)}
        process = subprocess.Popen([sys.executable, "-B", "-c", program], env=environment, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        edge.trainer()
        process.send_signal(signal.SIGTERM)
        edge.until(lambda _: edge.goodbyes == 3)
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(process.stdout.read(), b"ended\n")


@unittest.skipIf(NEEDS, f"needs {', '.join(NEEDS)}")
class ParameterTests(unittest.TestCase):
    def test_addresses(self):
        self.assertEqual(endpoint("/var/edge"), "ipc:///var/edge/run/trainer")
        self.assertEqual(endpoint("ipc:///x/trainer"), "ipc:///x/trainer")
        for wrong in ("", "127.0.0.1:9092", "tcp://127.0.0.1:1", "/" + "long/" * 30):
            with self.assertRaises(AddressError, msg=wrong):
                endpoint(wrong)

    def test_state_keeps_its_types_and_shapes(self):
        state = {"weight": np.ones((2, 3)), "count": np.array(7, np.int64), "half": np.zeros(4, np.float16)}
        self.assertEqual(weight_names(state), list(state))
        specs, buffers = pack(get_weights(state), weight_names(state))
        self.assertEqual([spec["shape"] for spec in specs], [[2, 3], [1], [4]])
        other = {"weight": np.zeros((2, 3)), "count": np.array(0, np.int64), "half": np.ones(4, np.float16)}
        set_weights(other, unpack(specs, buffers))
        for name, value in state.items():
            self.assertEqual((other[name].dtype, other[name].shape), (value.dtype, value.shape))
            np.testing.assert_array_equal(other[name], value)
        with self.assertRaisesRegex(ValueError, "2 are given"):
            set_weights(other, [np.zeros(1), np.zeros(1)])
        with self.assertRaisesRegex(ValueError, "'weight' has the shape"):
            set_weights(other, [np.zeros(5), np.zeros(1), np.zeros(4)])

    def test_what_is_no_model_is_refused(self):
        for wrong in (np.zeros(3), {"a": np.zeros(3)}, [np.array(["text"])], [np.array([1j])]):
            with self.assertRaises(TypeError):
                pack(wrong)
        with self.assertRaisesRegex(ValueError, "no values"):
            pack([np.zeros((0, 3))])
