"""A peer of GEdge's bus in Python: connects to a listener over CURVE, calls, serves, listens to events and reads streams.

Everything it knows is in docs/wire-format.md. One thread; `pyzmq` is all it needs.
"""

import json
import time
import uuid

import zmq
from gedge_wire import ACKNOWLEDGEMENT, LANE_NUMBERS, Limits, Message, decode


class Failure(Exception):
    """The other side's `failure`: its code and message."""

    def __init__(self, body):
        super().__init__(body["message"])
        self.code = body["code"]
        self.is_retriable = body["isRetriable"]


def read_key_file(path):
    """The public and the secret half of a key file, as Z85."""
    with open(path, encoding="ascii") as file:
        lines = dict(line.rstrip("\n").split(" ", 1) for line in file if not line.startswith("#"))
    return lines["public"].encode(), lines["secret"].encode()


class Peer:
    def __init__(self, address, server_key, keys, identity, subscriptions=(), timeout=30):
        host, port = address.removeprefix("tcp://").rsplit(":", 1)
        self.context = zmq.Context()
        self.deadline = time.monotonic() + timeout
        # Grows with every connection, so that frames of an older session are known.
        self.session = time.time_ns() // 1000
        self.sockets = {}
        self.sent = dict.fromkeys(LANE_NUMBERS, 0)
        self.seen = dict.fromkeys(LANE_NUMBERS, 0)
        self.correlation = 0
        self.handlers = {}
        self.events = []
        self.answers = {}
        self.heartbeat = time.monotonic()
        self.goodbyes = set()
        self.poller = zmq.Poller()
        for lane, number in LANE_NUMBERS.items():
            socket = self.context.socket(zmq.DEALER)
            socket.linger = 0
            socket.curve_serverkey = server_key
            socket.curve_publickey, socket.curve_secretkey = keys
            socket.connect(f"tcp://{host}:{int(port) + number}")
            self.sockets[lane] = socket
            self.poller.register(socket, zmq.POLLIN)
        hello = {
            "identity": identity,
            "instance": uuid.uuid4().hex,
            "subscriptions": list(subscriptions),
            "software": "gedge-python-test",
            "heartbeatMilliseconds": 1000,
            "leaseMilliseconds": 5000,
        }
        self.welcomes = {}
        for lane in self.sockets:
            self.send(Message("hello", lane=lane, body=self.body(hello)))
        self.wait(lambda: len(self.welcomes) == 3)

    @staticmethod
    def body(value):
        return json.dumps(value).encode()

    def send(self, message):
        """Numbers a message and sends it by its lane."""
        self.sent[message.lane] += 1
        message.session = self.session
        message.sequence = self.sent[message.lane]
        self.sockets[message.lane].send_multipart(message.parts())

    def wait(self, is_done):
        """Serves what comes in until `is_done()` holds."""
        while not is_done():
            if time.monotonic() > self.deadline:
                raise TimeoutError("the listener did not do what was expected in time")
            if time.monotonic() - self.heartbeat >= 1:
                self.heartbeat = time.monotonic()
                self.send(Message("heartbeat"))
            ready = dict(self.poller.poll(100))
            for lane, socket in self.sockets.items():
                if socket in ready:
                    self.receive(lane, socket.recv_multipart())

    def receive(self, lane, parts):
        message = decode(parts, lane, Limits())
        assert message.session == self.session, "a frame of another session"
        assert message.sequence > self.seen[lane], "a replayed frame"
        self.seen[lane] = message.sequence
        if message.kind == "welcome":
            self.welcomes[lane] = json.loads(message.body)
        elif message.kind == "event":
            self.events.append((message.subject, json.loads(message.body)))
        elif message.kind == "request":
            answer, attachments = self.handlers[message.subject](json.loads(message.body), message.attachments)
            self.send(
                Message(
                    "reply",
                    lane=lane,
                    correlation=message.correlation,
                    body=self.body(answer),
                    attachments=attachments,
                )
            )
        elif message.kind in ("reply", "failure", "streamItem", "streamEnd"):
            self.answers.setdefault(message.correlation, []).append(message)
        elif message.kind == "goodbye":
            assert message.flags & ACKNOWLEDGEMENT, message.body
            self.goodbyes.add(lane)
        else:
            assert message.kind == "heartbeat", message.kind

    def ask(self, kind, subject, request, lane, **fields):
        self.correlation += 1
        self.send(
            Message(kind, lane=lane, correlation=self.correlation, subject=subject, body=self.body(request), **fields)
        )
        return self.correlation

    def call(self, subject, request, lane="control", **fields):
        """The answer's body and attachments, or `Failure`."""
        correlation = self.ask("request", subject, request, lane, **fields)
        self.wait(lambda: correlation in self.answers)
        (answer,) = self.answers.pop(correlation)
        if answer.kind == "failure":
            raise Failure(json.loads(answer.body))
        return json.loads(answer.body), answer.attachments

    def publish(self, subject, payload, lane="control"):
        self.send(Message("event", lane=lane, subject=subject, body=self.body(payload)))

    def stream(self, subject, request, window, lane="bulk"):
        """The items of a stream, each with the bytes that were out when it came; grants credit as they are read."""
        correlation = self.ask("streamOpen", subject, request, lane, argument=window)
        expected = consumed = outstanding = 0
        while True:
            self.wait(lambda: self.answers.get(correlation))
            arrived = self.answers[correlation]
            outstanding = sum(self.cost(item) for item in arrived if item.kind == "streamItem") + consumed
            message = arrived.pop(0)
            if message.kind == "failure":
                raise Failure(json.loads(message.body))
            if message.kind == "streamEnd":
                assert message.argument == expected, "items were lost"
                self.send(Message("streamEnd", lane=lane, flags=ACKNOWLEDGEMENT, correlation=correlation))
                return
            assert message.argument == expected, "an item is out of order"
            expected += 1
            yield json.loads(message.body), message.attachments, outstanding
            consumed += self.cost(message)
            if consumed >= window // 4:
                self.send(Message("streamCredit", lane=lane, correlation=correlation, argument=consumed))
                consumed = 0

    @staticmethod
    def cost(message):
        """What an item takes of its stream's credit: all its bytes."""
        return sum(len(part) for part in message.parts())

    def close(self):
        """Says goodbye on every lane and waits until the listener has."""
        for lane in self.sockets:
            self.send(Message("goodbye", lane=lane, body=self.body({"reason": "shutdown", "message": "done"})))
        self.wait(lambda: len(self.goodbyes) == 3)
        self.context.destroy(linger=0)
