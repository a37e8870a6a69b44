"""Writes the golden vectors of the wire format to the file named by the argument.

Run it only when the format itself changes: the vectors are what every implementation is held against.

    python3 Tests/peers/make_vectors.py Tests/MessageBusTests/Wire/vectors.json
"""

import json
import sys

from gedge_wire import ACKNOWLEDGEMENT, KINDS, MAXIMUM_ARGUMENT, MAXIMUM_TIMEOUT, RETRY, Message

# Small, so that vectors beyond them stay short.
LIMITS = {"body": 256, "attachments": 2, "attachment": 16, "total": 24}

TRACE = bytes.fromhex("00112233445566778899aabbccddeeff")
KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")

HELLO = (
    b'{"identity":"edge-1","instance":"9f","subscriptions":["topology.site-changed"],"software":"x/1",'
    b'"heartbeatMilliseconds":1000,"leaseMilliseconds":5000}'
)


def valid():
    """Name and message: every kind, plus the extremes of each field."""
    yield "request", Message(
        "request", session=1, sequence=2, correlation=3, timeout=10_000, trace=TRACE, subject="topology.sites", body=b"{}"
    )
    yield "request with everything", Message(
        "request",
        lane="model",
        flags=RETRY,
        session=2**64 - 1,
        sequence=2**64 - 2,
        correlation=2**64 - 3,
        timeout=MAXIMUM_TIMEOUT,
        trace=TRACE,
        key=KEY,
        subject="fedlearn.update",
        body='{"edge":"서울"}'.encode(),
        attachments=[bytes(range(16)), b"\xff" * 8],
    )
    yield "reply", Message("reply", session=1, sequence=1, correlation=3, body=b"{}")
    yield "reply with an empty attachment", Message(
        "reply", lane="bulk", session=1, sequence=1, correlation=3, body=b"{}", attachments=[b""]
    )
    yield "failure", Message(
        "failure",
        session=1,
        sequence=4,
        correlation=3,
        body=b'{"code":"unknown-subject","message":"nobody answers","isRetriable":false}',
    )
    yield "failure about no question", Message(
        "failure", session=1, sequence=5, body=b'{"code":"malformed","message":"?","isRetriable":false}'
    )
    yield "event", Message("event", session=1, sequence=6, trace=TRACE, subject="topology.site-changed", body=b"{}")
    yield "event with the longest subject", Message(
        "event", session=1, sequence=6, subject="a" * 63 + "." + "b" * 64, body=b"0"
    )
    yield "event with the shortest subject", Message("event", session=1, sequence=6, subject="A.9", body=b"0")
    yield "stream open", Message(
        "streamOpen",
        lane="bulk",
        session=1,
        sequence=7,
        correlation=8,
        argument=4 << 20,
        key=KEY,
        subject="datasync.shards",
        body=b"{}",
    )
    yield "first stream item", Message("streamItem", lane="bulk", session=1, sequence=8, correlation=8, body=b"{}")
    yield "stream item", Message(
        "streamItem", lane="bulk", session=1, sequence=8, correlation=8, argument=41, body=b"{}", attachments=[b"shard"]
    )
    yield "stream credit", Message(
        "streamCredit", lane="bulk", session=1, sequence=9, correlation=8, argument=MAXIMUM_ARGUMENT
    )
    yield "stream end", Message("streamEnd", lane="bulk", session=1, sequence=10, correlation=8, argument=42)
    yield "stream end acknowledged", Message(
        "streamEnd", lane="bulk", flags=ACKNOWLEDGEMENT, session=1, sequence=11, correlation=8
    )
    yield "cancel", Message("cancel", session=1, sequence=12, correlation=3)
    yield "hello", Message("hello", session=1, sequence=1, body=HELLO)
    yield "welcome", Message("welcome", lane="model", session=1, sequence=1, body=b'{"identity":"core","peer":"edge-1"}')
    yield "heartbeat", Message("heartbeat", session=1, sequence=13)
    yield "goodbye", Message("goodbye", session=1, sequence=14, body=b'{"reason":"shutdown","message":"bye"}')
    yield "goodbye acknowledged", Message(
        "goodbye", flags=ACKNOWLEDGEMENT, session=1, sequence=15, body=b'{"reason":"shutdown","message":"bye"}'
    )


def patch(parts, offset, value):
    """The same parts with bytes of the head replaced."""
    head = bytearray(parts[0])
    head[offset : offset + len(value)] = value
    return [bytes(head), *parts[1:]]


def invalid():
    """Name, lane of the socket, parts and the defect's label."""
    good = Message("request", session=1, sequence=2, correlation=3, subject="topology.sites", body=b"{}").parts()
    yield "nothing", "control", [b""], "truncated"
    yield "one byte short of a header", "control", [good[0][:87]], "truncated"
    yield "another protocol", "control", patch(good, 0, b"HTTP"), "bad-magic"
    yield "magic in the wrong byte order", "control", patch(good, 0, b"GDEG"), "bad-magic"
    yield "version 0", "control", patch(good, 4, b"\0"), "unknown-version"
    yield "version 2", "control", patch(good, 4, b"\2"), "unknown-version"
    yield "kind 0", "control", patch(good, 5, b"\0"), "unknown-kind"
    yield "kind 14", "control", patch(good, 5, b"\x0e"), "unknown-kind"
    yield "lane 3", "control", patch(good, 6, b"\3"), "unknown-lane"
    yield "model lane on the control socket", "control", patch(good, 6, b"\1"), "wrong-lane"
    yield "flag of no kind", "control", patch(good, 7, b"\x80"), "unknown-flags"
    yield "flag of another kind", "control", patch(good, 7, bytes([ACKNOWLEDGEMENT])), "unknown-flags"
    yield "timeout of 366 days and 1 ms", "control", patch(
        good, 32, (MAXIMUM_TIMEOUT + 1).to_bytes(8, "little")
    ), "timeout-too-long"
    yield "largest number as timeout", "control", patch(good, 32, b"\xff" * 8), "timeout-too-long"
    credit = Message("streamCredit", session=1, sequence=1, correlation=1, argument=1).parts()
    yield "credit beyond 2^48", "control", patch(
        credit, 40, (MAXIMUM_ARGUMENT + 1).to_bytes(8, "little")
    ), "argument-too-large"
    for name, kind, fields in [
        ("correlation", "request", {"subject": "a.b", "body": b"0"}),
        ("correlation", "heartbeat", {"correlation": 1}),
        ("correlation", "event", {"correlation": 1, "subject": "a.b", "body": b"0"}),
        ("timeout", "reply", {"correlation": 1, "timeout": 1, "body": b"0"}),
        ("argument", "request", {"correlation": 1, "argument": 1, "subject": "a.b", "body": b"0"}),
        ("argument", "streamCredit", {"correlation": 1}),
        ("key", "event", {"key": KEY, "subject": "a.b", "body": b"0"}),
        ("subject", "request", {"correlation": 1, "body": b"0"}),
        ("subject", "reply", {"correlation": 1, "subject": "a.b", "body": b"0"}),
        ("body", "request", {"correlation": 1, "subject": "a.b"}),
        ("body", "heartbeat", {"body": b"0"}),
        ("attachments", "hello", {"body": b"0", "attachments": [b""]}),
    ]:
        what = "without" if name not in fields else "with"
        yield f"{kind} {what} {name}", "control", Message(kind, **fields).parts(), "misplaced-" + name
    for subject in [b"topology", b".sites", b"topology.", b"a..b", b"a b.c", b"a_b.c", b"a.b\n", b"a.b\0", "é.b".encode()]:
        parts = Message("event", subject="x" * len(subject), body=b"0").parts()
        yield f"subject {subject!r}", "control", patch(parts, 88, subject), "bad-subject"
    yield "subject of 129 bytes", "control", Message(
        "event", subject="a." + "b" * 127, body=b"0"
    ).parts(), "subject-too-long"
    yield "subject longer than the head", "control", patch(good, 80, b"\x80\0"), "length-mismatch"
    yield "body shorter than announced", "control", [good[0][:-1]], "length-mismatch"
    yield "body longer than announced", "control", [good[0] + b" "], "length-mismatch"
    yield "largest number as body length", "control", patch(good, 84, b"\xff" * 4), "body-too-large"
    yield "body of 257 bytes", "control", Message(
        "request", correlation=1, subject="a.b", body=b" " * 257
    ).parts(), "body-too-large"
    yield "three attachments", "control", Message(
        "reply", correlation=1, body=b"0", attachments=[b"", b"", b""]
    ).parts(), "too-many-attachments"
    yield "65535 attachments announced", "control", patch(good, 82, b"\xff\xff"), "too-many-attachments"
    pair = Message("reply", correlation=1, body=b"0", attachments=[b"1", b"2"]).parts()
    yield "attachment missing", "control", pair[:2], "attachment-count-mismatch"
    yield "attachment too many", "control", [*pair, b"3"], "attachment-count-mismatch"
    yield "attachment of 17 bytes", "control", Message(
        "reply", correlation=1, body=b"0", attachments=[bytes(17)]
    ).parts(), "attachment-too-large"
    yield "25 bytes of attachments", "control", Message(
        "reply", correlation=1, body=b"0", attachments=[bytes(16), bytes(9)]
    ).parts(), "attachments-too-large"


def document():
    """All vectors as one JSON document. 64-bit numbers are decimal strings: JSON readers keep 53 bits."""
    accepted = [
        {
            "name": name,
            "parts": [part.hex() for part in message.parts()],
            "kind": message.kind,
            "lane": message.lane,
            "flags": message.flags,
            "session": str(message.session),
            "sequence": str(message.sequence),
            "correlation": str(message.correlation),
            "timeoutMilliseconds": str(message.timeout),
            "argument": str(message.argument),
            "trace": message.trace.hex(),
            "key": message.key.hex(),
            "subject": message.subject,
            "body": message.body.decode(),
            "attachments": [attachment.hex() for attachment in message.attachments],
        }
        for name, message in valid()
    ]
    refused = [
        {"name": name, "lane": lane, "parts": [part.hex() for part in parts], "defect": defect}
        for name, lane, parts, defect in invalid()
    ]
    assert {vector["kind"] for vector in accepted} == set(KINDS.values())
    return {"format": "gedge-wire", "version": 1, "limits": LIMITS, "valid": accepted, "invalid": refused}


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(document(), file, indent=1, ensure_ascii=False)
        file.write("\n")
