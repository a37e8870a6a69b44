"""moto's S3 server, checking signatures and bodies, with faults on demand, for the tests of the archive.

usage: s3_server.py [PORT ACCESS SECRET]       prints its port and the keys of a user who may do everything: PORT ACCESS SECRET

The bucket `archive` is there from the start. Arguments ask for that port and those keys, so that a
server can be killed and started again (without its objects).
Faults are set by `POST /-/faults` with a list of objects: {"match": "PUT /archive/x", "times": 1, "do": WHAT, "after": N}
where WHAT is 503, cut, stall, corrupt, truncate, and 500-after and cut-after, which first do what was asked. `GET /-/log` lists the requests.
"""

import hashlib
import io
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"  # before moto is imported: every action is authorised

import moto.iam.models  # noqa: E402
import moto.s3.models  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def make_user() -> tuple[str, str]:
    iam = moto.iam.models.iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    iam.create_user(region_name="us-east-1", user_name="gedge", path="/", tags=[])
    iam.put_user_policy("gedge", "everything", EVERYTHING)
    key = iam.create_access_key("gedge")
    if len(sys.argv) > 1:
        key.access_key_id, key.secret_access_key = sys.argv[2:4]
    return key.access_key_id, key.secret_access_key


class Faults:
    """What stands between the sockets and moto."""

    def __init__(self, app):
        self.app = app
        self.lock = threading.Lock()
        self.serial = threading.Lock()  # moto looks and then stores; a real store does both in one step
        self.faults = []
        self.log = []

    def take(self, line: str):
        with self.lock:
            self.log.append(line)
            for fault in self.faults:
                if line.startswith(fault["match"]):
                    if fault.get("after", 0) > 0:
                        fault["after"] -= 1
                    elif fault["times"] > 0:
                        fault["times"] -= 1
                        return fault["do"]
        return None

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path.startswith("/-/"):
            return self.control(path, environ, start_response)
        query = environ.get("QUERY_STRING", "")
        line = f"{environ['REQUEST_METHOD']} {path}" + (f"?{query}" if query else "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        told = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
        if told != hashlib.sha256(body).hexdigest():
            return self.refuse(start_response, "400 Bad Request", "XAmzContentSHA256Mismatch")
        environ["wsgi.input"] = io.BytesIO(body)
        fault = self.take(line)
        if fault == "503":
            return self.refuse(start_response, "503 Slow Down", "SlowDown")
        if fault == "cut":
            return self.hang_up(environ)
        if fault == "stall":
            time.sleep(3600)
        upload = dict(urllib.parse.parse_qsl(query)).get("uploadId")
        if upload and upload not in moto.s3.models.s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["archive"].multiparts:
            return self.refuse(start_response, "404 Not Found", "NoSuchUpload")  # moto itself fails with 500
        status = {}

        def started(code, headers, exc_info=None):
            status["code"], status["headers"] = code, headers
            return lambda data: None

        with self.serial:
            data = b"".join(self.app(environ, started))
        if fault == "500-after":
            return self.refuse(start_response, "500 Internal Server Error", "InternalError")
        if fault == "cut-after":
            return self.hang_up(environ)
        if fault == "corrupt" and data:
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        if fault == "truncate":
            data = data[: len(data) // 2]
            status["headers"] = [(n, v) for n, v in status["headers"] if n.lower() != "content-length"]
            status["headers"].append(("Content-Length", str(len(data))))
        start_response(status["code"], status["headers"])
        return [data]

    @staticmethod
    def hang_up(environ):
        connection = environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError

    @staticmethod
    def refuse(start_response, status, code):
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    def control(self, path, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with self.lock:
            if path == "/-/faults":
                self.faults = json.loads(body)
            answer = json.dumps(self.log).encode()
            if path == "/-/forget":
                self.log.clear()
        start_response("200 OK", [("Content-Length", str(len(answer)))])
        return [answer]


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *arguments):
        pass


def end_with(parent: int):
    """Ends this process when its parent has ended, however that came about."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main():
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    access, secret = make_user()
    moto.s3.models.s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket("archive", "us-east-1")
    app = Faults(DomainDispatcherApplication(create_backend_app))
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Handler)
    print(server.port, access, secret, flush=True)
    server.serve_forever()


main()
