"""What plain TCP carries over loopback: round trips of one byte, and one-way transfers that the other end acknowledges.

The comparison for `gedge net test`: no encryption, no framing, no message bus; one process per end.

    tcp_throughput.py [SIZE ...]
"""

import multiprocessing
import socket
import statistics
import sys
import time

CHUNK = 1 << 20


def receive(connection, count):
    buffer = bytearray(CHUNK)
    while count > 0:
        got = connection.recv_into(buffer, min(CHUNK, count))
        if got == 0:
            raise SystemExit("the other end closed the connection")
        count -= got


def serve(listener):
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        head = connection.recv(8, socket.MSG_WAITALL)
        if len(head) < 8:
            return
        receive(connection, int.from_bytes(head, "little"))
        connection.sendall(b".")


def transfer(connection, size, pattern):
    start = time.perf_counter()
    connection.sendall(size.to_bytes(8, "little"))
    left = size
    while left > 0:
        part = min(left, CHUNK)
        connection.sendall(pattern[:part])
        left -= part
    receive(connection, 1)
    return time.perf_counter() - start


def main(sizes):
    listener = socket.create_server(("127.0.0.1", 0))
    peer = multiprocessing.Process(target=serve, args=(listener,), daemon=True)
    peer.start()
    connection = socket.create_connection(listener.getsockname())
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pattern = memoryview(bytes((7 * i + i // 251) % 256 for i in range(CHUNK)))
    trips = [transfer(connection, 1, pattern) for _ in range(1000)]
    print(f"round trip: median {statistics.median(trips) * 1e3:.3f} ms")
    for size in sizes:
        times = []
        while sum(times) < 1 and len(times) < 20:
            times.append(transfer(connection, size, pattern))
        seconds = statistics.median(times)
        print(f"{size} bytes: {seconds * 1e3:.3f} ms, {size / seconds / 1e6:.1f} MB/s")
    connection.close()
    peer.join()


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10**power for power in range(3, 9)])
