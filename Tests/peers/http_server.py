"""An HTTP/1.1 server that misbehaves on demand, for the tests of HTTPKit. The path says how.

usage: http_server.py [CERTIFICATE KEY]        prints its port; with a certificate it speaks TLS
"""

import hashlib
import json
import os
import socket
import ssl
import sys
import threading
import time
import urllib.parse

lock = threading.Lock()
counts: dict[str, int] = {}
connections = 0
release = threading.Event()


def count(name: str) -> int:
    with lock:
        counts[name] = counts.get(name, 0) + 1
        return counts[name]


class Connection:
    def __init__(self, client):
        self.client = client
        self.file = client.makefile("rb")

    def answer(self, body: bytes, status: str = "200 OK", *fields: str):
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
        self.client.sendall("\r\n".join([*head, "", ""]).encode() + body)

    def serve(self):
        while True:
            line = self.file.readline().decode("latin-1").split()
            if len(line) != 3:
                return
            method, target, _ = line
            fields = []
            while (field := self.file.readline().decode("latin-1").rstrip("\r\n")) != "":
                name, _, value = field.partition(":")
                fields.append([name, value.strip()])
            headers = {name.lower(): value for name, value in fields}
            url = urllib.parse.urlsplit(target)
            query = dict(urllib.parse.parse_qsl(url.query))
            if not self.handle(method, url.path, query, headers, fields, target):
                return

    def body(self, headers) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(self.file.readline().strip(), 16):
                parts.append(self.file.read(size))
                self.file.readline()
            self.file.readline()
            return b"".join(parts)
        return self.file.read(int(headers.get("content-length", "0")))

    def handle(self, method, path, query, headers, fields, target) -> bool:
        """Answers one request; returns whether the connection goes on."""
        if path == "/refuse-early":
            self.answer(b"too much", "413 Content Too Large", "Connection: close")
            self.client.shutdown(socket.SHUT_WR)
            while self.client.recv(65536):
                pass
            return False
        if path == "/slam":
            return False
        if path == "/slow-reader":
            release.wait(60)
        body = self.body(headers)
        match path:
            case "/echo" | "/slow-reader":
                told = {
                    "method": method, "target": target, "fields": fields, "bytes": len(body),
                    "sha256": hashlib.sha256(body).hexdigest(), "connections": connections,
                }
                text = json.dumps(told).encode()
                if method == "HEAD":
                    self.client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n".encode())
                else:
                    self.answer(text)
            case "/release":
                release.set()
                self.answer(b"")
            case "/counts":
                self.answer(json.dumps(counts).encode())
            case "/silent":
                release.wait(60)
                return False
            case "/stall":
                self.client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
                release.wait(60)
                return False
            case "/cut":
                self.client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
                return False
            case "/hang-up":
                count(query["name"])
                return False
            case "/chunked":
                self.client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for index in range(int(query["chunks"])):
                    piece = bytes([index % 256]) * (index % 3000 + 1)
                    self.client.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                if "cut" in query:
                    return False
                self.client.sendall(b"0\r\n\r\n")
            case "/big":
                size = int(query["bytes"])
                self.client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
                block = bytes(range(256)) * 256
                while size > 0:
                    size -= self.client.send(block[: min(size, len(block))])
            case "/huge-header":
                self.client.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 1_000_000 + b"\r\n\r\n")
                return False
            case "/many-headers":
                self.client.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 0123456789\r\n" * 100_000 + b"\r\n")
                return False
            case "/garbage":
                self.client.sendall(b"SSH-2.0-nothing\r\n\r\n" + bytes(range(256)))
                return False
            case "/redirect":
                self.answer(b"", "307 Temporary Redirect", f"Location: {query['to']}")
            case "/flaky":
                if count(query["name"]) <= int(query["times"]):
                    self.answer(b"", query.get("status", "503 Service Unavailable"), *(
                        [f"Retry-After: {query['after']}"] if "after" in query else []))
                else:
                    self.answer(b"at last")
            case _:
                self.answer(b"", "404 Not Found")
        return headers.get("connection", "").lower() != "close"


def serve(client, context):
    global connections
    with lock:
        connections += 1
    try:
        if context:
            client = context.wrap_socket(client, server_side=True)
        Connection(client).serve()
    except (OSError, ValueError):
        pass  # the client went away, which is its right
    finally:
        client.close()


def end_with(parent: int):
    """Ends this process when its parent has ended, however that came about."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main():
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    context = None
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, context), daemon=True).start()


main()
