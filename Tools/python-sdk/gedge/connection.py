"""The connection to an edge: kept up by a thread of its own, so that heartbeats go on while a model trains."""

import json
import logging
import os
import queue
import random
import threading
import time
import uuid
from dataclasses import dataclass

import zmq

from gedge.wire import ACKNOWLEDGEMENT, LANES, Message, WireError, decode

logger = logging.getLogger("gedge")

HEARTBEAT = 1.0
LEASE = 5.0
LONGEST_PAUSE = 5.0
LONGEST_PATH = 107 - len(".control")
WORK = ("trainer.initialise", "trainer.fit", "trainer.evaluate")


class AddressError(ValueError):
    """What was given as an edge's address is none."""


class _Lost(Exception):
    """The session is over; another one is begun."""


@dataclass
class Task:
    """A question of the edge."""

    session: int
    correlation: int
    subject: str
    body: dict
    attachments: list


def endpoint(server_address):
    """The address of the socket for trainers of the edge whose state directory or `ipc://` address this is."""
    address = os.fspath(server_address or os.environ.get("GEDGE_TRAINER_ADDRESS", ""))
    if not address:
        raise AddressError("server_address is missing: give the edge's state directory, or set GEDGE_TRAINER_ADDRESS")
    if "://" not in address:
        if not address.startswith(("/", ".", "~")) and ":" in address:
            raise AddressError(
                f"{address!r} is an address of a network; a trainer runs on its edge's machine: give the edge's state "
                "directory"
            )
        address = "ipc://" + os.path.join(os.path.abspath(os.path.expanduser(address)), "run", "trainer")
    if not address.startswith("ipc:///"):
        raise AddressError(f"server_address must be an edge's state directory or ipc:///PATH, not {address!r}")
    if len(address.removeprefix("ipc://").encode()) > LONGEST_PATH:
        raise AddressError(f"the socket's path {address!r} is longer than the {LONGEST_PATH} bytes a socket may have")
    return address


class Connection:
    """Takes an edge's questions into `tasks` and its answers back, across restarts of the edge."""

    def __init__(self, address, dataset, software):
        self.address = endpoint(address)
        self.dataset = dataset
        self.software = software
        self.identity = f"trainer-{uuid.uuid4().hex[:12]}"
        self.tasks = queue.Queue()
        self._answers = queue.Queue()
        self._context = zmq.Context()
        self._wake = self._pair(zmq.PAIR, "bind")
        self._waker = self._pair(zmq.PAIR, "connect")
        self._stopping = threading.Event()
        self._session = 0
        self._thread = threading.Thread(target=self._run, name="gedge", daemon=True)
        self._thread.start()

    def _pair(self, kind, method):
        socket = self._context.socket(kind)
        socket.linger = 0
        getattr(socket, method)("inproc://wake")
        return socket

    def answer(self, task, body, attachments=()):
        self._put(task, "reply", body, list(attachments))

    def fail(self, task, code, message):
        self._put(task, "failure", {"code": code, "message": message, "isRetriable": False}, [])

    def _put(self, task, kind, body, attachments):
        message = Message(kind, "model", correlation=task.correlation, attachments=attachments)
        message.body = json.dumps(body, allow_nan=False).encode()
        self._answers.put((task.session, message))
        self._waker.send(b"")

    def is_current(self, task):
        """Whether the edge still waits for the answer, as far as is known."""
        return task.session == self._session

    def close(self):
        """Says goodbye and ends the thread."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._waker.send(b"")
            self._thread.join(10)
            self._waker.close()
            self._context.destroy(linger=0)

    # What follows runs on the thread.

    def _run(self):
        pause, told = 0.1, None
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                self._live()
            except (_Lost, WireError, zmq.ZMQError) as error:
                # An edge that is away is told once, however often it is tried.
                if str(error) != told:
                    logger.warning("%s; trying again", error)
                    told = str(error)
            self._session = 0
            if time.monotonic() - begun > 2 * LEASE:
                pause, told = 0.1, None
            self._stopping.wait(random.uniform(0, pause))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _live(self):
        """One session, from its hello to its end."""
        session = time.time_ns() // 1000
        sockets, self._sent, self._seen = {}, dict.fromkeys(LANES, 0), dict.fromkeys(LANES, 0)
        poller = zmq.Poller()
        poller.register(self._wake, zmq.POLLIN)
        try:
            for lane in LANES:
                sockets[lane] = self._context.socket(zmq.DEALER)
                sockets[lane].linger = 0
                sockets[lane].connect(f"{self.address}.{lane}")
                poller.register(sockets[lane], zmq.POLLIN)
            hello = {
                "identity": self.identity,
                "instance": uuid.uuid4().hex,
                "subscriptions": [],
                "software": self.software,
                "heartbeatMilliseconds": int(HEARTBEAT * 1000),
                "leaseMilliseconds": int(LEASE * 1000),
            }
            for lane in LANES:
                self._send(sockets, session, Message("hello", lane, body=json.dumps(hello).encode()))
            self._serve(sockets, poller, session)
        finally:
            for socket in sockets.values():
                socket.close()

    def _send(self, sockets, session, message):
        self._sent[message.lane] += 1
        message.session, message.sequence = session, self._sent[message.lane]
        sockets[message.lane].send_multipart(message.parts())

    def _serve(self, sockets, poller, session):
        welcomes, goodbyes = set(), set()
        heard = beat = time.monotonic()
        leaving = None
        while True:
            now = time.monotonic()
            if now - heard > LEASE:
                raise _Lost(f"the edge at {self.address} does not answer")
            if now - beat >= HEARTBEAT and len(welcomes) == len(LANES):
                beat = now
                self._send(sockets, session, Message("heartbeat"))
            if self._stopping.is_set():
                if len(welcomes) < len(LANES):
                    return
                if leaving is None:
                    leaving = now
                    body = json.dumps({"reason": "shutdown", "message": "the trainer ends"}).encode()
                    for lane in LANES:
                        self._send(sockets, session, Message("goodbye", lane, body=body))
                if len(goodbyes) == len(LANES) or now - leaving > 2:
                    return
            ready = dict(poller.poll(200))
            if self._wake in ready:
                self._wake.recv()
                self._flush(sockets, session)
            for lane, socket in sockets.items():
                if socket not in ready:
                    continue
                message = decode(socket.recv_multipart(), lane)
                if message.session != session or message.sequence <= self._seen[lane]:
                    continue
                self._seen[lane], heard = message.sequence, time.monotonic()
                if message.kind == "welcome":
                    welcomes.add(lane)
                    if len(welcomes) == len(LANES):
                        self._session = session
                        body = {"dataset": self.dataset, "software": self.software}
                        request = Message("request", correlation=1, timeout=10_000, subject="trainer.hello")
                        request.body = json.dumps(body).encode()
                        self._send(sockets, session, request)
                elif message.kind == "goodbye" and message.flags & ACKNOWLEDGEMENT:
                    goodbyes.add(lane)
                elif message.kind == "goodbye":
                    reason = json.loads(message.body)
                    if reason["reason"] == "shutdown":
                        self._send(sockets, session, Message("goodbye", lane, ACKNOWLEDGEMENT, body=message.body))
                    raise _Lost(f"the edge at {self.address} ended the session: {reason['message']}")
                else:
                    self._receive(sockets, session, message)

    def _flush(self, sockets, session):
        while True:
            try:
                asked, message = self._answers.get_nowait()
            except queue.Empty:
                return
            if asked == session:
                self._send(sockets, session, message)
            else:
                logger.warning("the edge asked in a session that is over; the result is dropped")

    def _receive(self, sockets, session, message):
        if message.kind == "reply" and message.correlation == 1:
            logger.info("connected to edge '%s' for data set '%s'", json.loads(message.body)["edge"], self.dataset)
        elif message.kind == "failure":
            raise _Lost(f"the edge refused: {json.loads(message.body)['message']}")
        elif message.kind == "request" and message.subject in WORK:
            body = json.loads(message.body)
            self.tasks.put(Task(session, message.correlation, message.subject, body, message.attachments))
        elif message.kind == "request":
            answer = {"code": "unknown-subject", "message": f"a trainer has no '{message.subject}'", "isRetriable": False}
            failure = Message("failure", message.lane, correlation=message.correlation)
            failure.body = json.dumps(answer).encode()
            self._send(sockets, session, failure)
