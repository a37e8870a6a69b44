"""The frames of GEdge's wire format (docs/wire-format.md) that a trainer sends and reads."""

import struct
from dataclasses import dataclass, field

MAGIC = b"GEDG"
VERSION = 1
HEADER = struct.Struct("<4sBBBBQQQQQ16s16sHHI")
KINDS = {
    "request": 1,
    "reply": 2,
    "failure": 3,
    "event": 4,
    "cancel": 9,
    "hello": 10,
    "welcome": 11,
    "heartbeat": 12,
    "goodbye": 13,
}
NAMES = {number: name for name, number in KINDS.items()}
LANES = {"control": 0, "model": 1, "bulk": 2}
ACKNOWLEDGEMENT = 1


class WireError(Exception):
    """A frame that is not of this format."""


@dataclass
class Message:
    kind: str
    lane: str = "control"
    flags: int = 0
    session: int = 0
    sequence: int = 0
    correlation: int = 0
    timeout: int = 0
    subject: str = ""
    body: bytes = b""
    attachments: list = field(default_factory=list)

    def parts(self):
        """One buffer for each ZeroMQ part."""
        subject = self.subject.encode("ascii")
        header = HEADER.pack(
            MAGIC,
            VERSION,
            KINDS[self.kind],
            LANES[self.lane],
            self.flags,
            self.session,
            self.sequence,
            self.correlation,
            self.timeout,
            0,
            bytes(16),
            bytes(16),
            len(subject),
            len(self.attachments),
            len(self.body),
        )
        return [header + subject + self.body, *self.attachments]


def decode(parts, lane):
    """The message that came in `parts` by the socket of `lane`; its kind is empty for one that trainers have no use for."""
    head = parts[0]
    if len(head) < HEADER.size:
        raise WireError("a frame is shorter than its header")
    (magic, version, kind, named, flags, session, sequence, correlation, timeout, _, _, _, subject, count, body) = (
        HEADER.unpack_from(head)
    )
    if magic != MAGIC or version != VERSION:
        raise WireError(f"a frame of version {version}; this package speaks {VERSION}")
    if named != LANES[lane] or len(head) != HEADER.size + subject + body or len(parts) != count + 1:
        raise WireError("a frame does not have the lengths that its header says")
    start = HEADER.size + subject
    return Message(
        kind=NAMES.get(kind, ""),
        lane=lane,
        flags=flags,
        session=session,
        sequence=sequence,
        correlation=correlation,
        timeout=timeout,
        subject=head[HEADER.size : start].decode("ascii"),
        body=head[start:],
        attachments=list(parts[1:]),
    )
