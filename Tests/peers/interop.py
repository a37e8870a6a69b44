"""Speaks to a bus that a Swift test runs: arguments are its address, its public key and the path of a key file.

Prints one JSON object with what it saw; the Swift test checks it against its own side.
"""

import json
import sys
import time

from gedge_peer import Failure, Peer, read_key_file
from gedge_wire import RETRY, Message

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
TRACE = bytes.fromhex("00112233445566778899aabbccddeeff")


def main(address, server_key, key_file):
    peer = Peer(address, server_key.encode(), read_key_file(key_file), "liar", subscriptions=["interop.tick"])
    seen = {"welcome": peer.welcomes["control"]["peer"], "listener": peer.welcomes["bulk"]["identity"]}
    peer.handlers["interop.question"] = lambda body, attachments: ({"text": body["text"][::-1]}, attachments[::-1])

    body, attachments = peer.call(
        "interop.echo", {"text": "안녕"}, lane="model", timeout=10_000, trace=TRACE, attachments=[b"\0" * 70_000, b"", b"end"]
    )
    assert attachments == [b"\0" * 70_000, b"", b"end"]
    seen["echo"] = body["text"]

    for subject, request in [("interop.nobody", {}), ("interop.fail", {}), ("interop.echo", {"wrong": 1})]:
        try:
            peer.call(subject, request, lane="control" if subject != "interop.echo" else "model")
        except Failure as failure:
            seen.setdefault("failures", []).append(failure.code)

    # The same effect asked for twice: the second time as a retry under the same key.
    seen["effects"] = [
        peer.call("interop.effect", {}, key=KEY)[0]["count"],
        peer.call("interop.effect", {}, key=KEY, flags=RETRY)[0]["count"],
        peer.call("interop.effect", {})[0]["count"],
    ]

    # An event each way: the listener answers ours with one of its own, and then asks us a question.
    peer.publish("interop.note", {"text": "from Python"})
    peer.wait(lambda: peer.events)
    seen["event"] = peer.events[0]
    seen["asked"] = peer.call("interop.ask-back", {})[0]["text"]

    window, items, most = 8192, 0, 0
    for body, (attachment,), outstanding in peer.stream("interop.count", {"items": 300}, window):
        assert body["number"] == items and attachment == bytes([items % 256]) * 500
        items += 1
        most = max(most, outstanding)
    seen["items"], seen["withinWindow"] = items, most <= window + 700

    try:
        for _ in peer.stream("interop.break", {}, window):
            seen["itemsBeforeFailure"] = seen.get("itemsBeforeFailure", 0) + 1
    except Failure as failure:
        seen["streamFailure"] = failure.code

    # A call that is given up: the handler is told.
    correlation = peer.ask("request", "interop.wait", {}, "control")
    peer.wait(lambda: ("interop.tick", {"text": "waiting"}) in peer.events)
    peer.send(Message("cancel", correlation=correlation))
    peer.wait(lambda: ("interop.tick", {"text": "cancelled"}) in peer.events)

    # Longer than the lease, kept alive by heartbeats alone.
    until = time.monotonic() + 2.5
    peer.wait(lambda: time.monotonic() > until)
    seen["alive"] = peer.call("interop.effect", {})[0]["count"]
    peer.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
