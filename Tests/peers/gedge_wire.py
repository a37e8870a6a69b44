"""GEdge's wire format in Python, with nothing but the standard library.

An implementation of its own, written from docs/wire-format.md: the tests hold it against the Swift one. It is also the
place to start from when another language is to join the bus.
"""

import re
import struct
from dataclasses import dataclass, field

MAGIC = b"GEDG"
VERSION = 1
HEADER = struct.Struct("<4sBBBBQQQQQ16s16sHHI")
MAXIMUM_SUBJECT = 128
MAXIMUM_TIMEOUT = 366 * 86_400_000
MAXIMUM_ARGUMENT = 1 << 48
NOTHING = bytes(16)

KINDS = {
    1: "request",
    2: "reply",
    3: "failure",
    4: "event",
    5: "streamOpen",
    6: "streamItem",
    7: "streamCredit",
    8: "streamEnd",
    9: "cancel",
    10: "hello",
    11: "welcome",
    12: "heartbeat",
    13: "goodbye",
}
KIND_NUMBERS = {name: number for number, name in KINDS.items()}
LANES = {0: "control", 1: "model", 2: "bulk"}
LANE_NUMBERS = {name: number for number, name in LANES.items()}
ACKNOWLEDGEMENT = 1
RETRY = 2

# For each field, the kinds that must set it and the kinds that may.
MUST = {
    "correlation": {"request", "reply", "streamOpen", "streamItem", "streamCredit", "streamEnd", "cancel"},
    "timeout": set(),
    "argument": {"streamCredit"},
    "key": set(),
    "subject": {"request", "event", "streamOpen"},
    "body": {"request", "reply", "failure", "event", "streamOpen", "streamItem", "hello", "welcome", "goodbye"},
    "attachments": set(),
}
MAY = {
    "correlation": {"failure"},
    "timeout": {"request", "streamOpen"},
    "argument": {"streamOpen", "streamItem", "streamEnd", "heartbeat"},
    "key": {"request", "streamOpen"},
    "subject": set(),
    "body": set(),
    "attachments": {"request", "reply", "event", "streamOpen", "streamItem"},
}
FLAGS = {"request": RETRY, "streamOpen": RETRY, "streamEnd": ACKNOWLEDGEMENT, "goodbye": ACKNOWLEDGEMENT}
SUBJECT = re.compile(rb"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Defect(Exception):
    """Why a message is refused; `label` is the word under which GEdge counts it."""

    def __init__(self, label):
        super().__init__(label)
        self.label = label


@dataclass
class Limits:
    """The bounds of one message on one lane, in bytes (and a number of attachments)."""

    body: int = 4 << 20
    attachments: int = 64
    attachment: int = 16 << 20
    total: int = 64 << 20


@dataclass
class Message:
    kind: str
    lane: str = "control"
    flags: int = 0
    session: int = 0
    sequence: int = 0
    correlation: int = 0
    timeout: int = 0
    argument: int = 0
    trace: bytes = NOTHING
    key: bytes = NOTHING
    subject: str = ""
    body: bytes = b""
    attachments: list = field(default_factory=list)

    def parts(self):
        """The message as a list of bytes, one for each ZeroMQ part."""
        subject = self.subject.encode("ascii")
        header = HEADER.pack(
            MAGIC,
            VERSION,
            KIND_NUMBERS[self.kind],
            LANE_NUMBERS[self.lane],
            self.flags,
            self.session,
            self.sequence,
            self.correlation,
            self.timeout,
            self.argument,
            self.trace,
            self.key,
            len(subject),
            len(self.attachments),
            len(self.body),
        )
        return [header + subject + self.body, *self.attachments]


def decode(parts, lane, limits=None):
    """Reads the parts of one message that came by the socket of `lane`, or raises `Defect`.

    The checks come in the order of docs/wire-format.md, so that both sides name the same defect.
    """
    limits = limits or Limits()
    head = parts[0]
    if len(head) < HEADER.size:
        raise Defect("truncated")
    (
        magic,
        version,
        kind,
        named,
        flags,
        session,
        sequence,
        correlation,
        timeout,
        argument,
        trace,
        key,
        subject_length,
        attachment_count,
        body_length,
    ) = HEADER.unpack_from(head)
    if magic != MAGIC:
        raise Defect("bad-magic")
    if version != VERSION:
        raise Defect("unknown-version")
    if kind not in KINDS:
        raise Defect("unknown-kind")
    if named not in LANES:
        raise Defect("unknown-lane")
    if LANES[named] != lane:
        raise Defect("wrong-lane")
    kind = KINDS[kind]
    if flags & ~FLAGS.get(kind, 0):
        raise Defect("unknown-flags")
    _place("correlation", kind, correlation)
    _place("timeout", kind, timeout)
    if timeout > MAXIMUM_TIMEOUT:
        raise Defect("timeout-too-long")
    _place("argument", kind, argument)
    if argument > MAXIMUM_ARGUMENT:
        raise Defect("argument-too-large")
    _place("key", kind, key != NOTHING)
    _place("subject", kind, subject_length)
    if subject_length > MAXIMUM_SUBJECT:
        raise Defect("subject-too-long")
    _place("body", kind, body_length)
    if body_length > limits.body:
        raise Defect("body-too-large")
    _place("attachments", kind, attachment_count)
    if attachment_count > limits.attachments:
        raise Defect("too-many-attachments")
    if len(head) != HEADER.size + subject_length + body_length:
        raise Defect("length-mismatch")
    subject = head[HEADER.size : HEADER.size + subject_length]
    if subject and not SUBJECT.fullmatch(subject):
        raise Defect("bad-subject")
    total = 0
    for number, attachment in enumerate(parts[1:]):
        if number >= attachment_count:
            raise Defect("attachment-count-mismatch")
        if len(attachment) > limits.attachment:
            raise Defect("attachment-too-large")
        total += len(attachment)
        if total > limits.total:
            raise Defect("attachments-too-large")
    if len(parts) - 1 != attachment_count:
        raise Defect("attachment-count-mismatch")
    return Message(
        kind=kind,
        lane=lane,
        flags=flags,
        session=session,
        sequence=sequence,
        correlation=correlation,
        timeout=timeout,
        argument=argument,
        trace=trace,
        key=key,
        subject=subject.decode("ascii"),
        body=head[HEADER.size + subject_length :],
        attachments=list(parts[1:]),
    )


def _place(name, kind, value):
    """Refuses a field that `kind` must set and does not, or must not set and does."""
    if value and kind not in MUST[name] | MAY[name] or not value and kind in MUST[name]:
        raise Defect("misplaced-" + name)
