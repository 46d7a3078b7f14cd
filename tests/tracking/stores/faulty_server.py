"""A small proxy in front of a server, with faults to switch on."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_ARTIFACTS = "/api/2.0/mlflow-artifacts/"
_NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "date", "server", "host"}


@dataclass
class Faults:
    """What goes wrong on the way to the server.

    Attributes:
        seconds: before each answer.
        refuses_artifacts: with status 500.
        status: that answers everything but the question for health, 0 for none.
        dies_after: so many requests with POST or PUT; then nobody answers any more.
        changes: the requests with POST or PUT so far.
    """

    seconds: float = 0.0
    refuses_artifacts: bool = False
    status: int = 0
    dies_after: int | None = None
    changes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def dead(self) -> bool:
        return self.dies_after is not None and self.changes > self.dies_after


class Proxy(ThreadingHTTPServer):
    """Passes requests on to the server at a port of this machine, with faults."""

    daemon_threads = True

    def __init__(self, port: int):
        super().__init__(("127.0.0.1", 0), _Pass)
        self.port, self.faults = port, Faults()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}).start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Ignore clients that no longer wait."""


class _Pass(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self):
        faults = self.server.faults
        with faults.lock:
            faults.changes += self.command != "GET" and "/search" not in self.path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if faults.dead():
            self.close_connection = True
            return
        time.sleep(faults.seconds)
        if self.path != "/health" and faults.status:
            self.answer(faults.status, {}, b"{}")
        elif faults.refuses_artifacts and self.path.startswith(_ARTIFACTS):
            self.answer(500, {}, b'{"error_code": "INTERNAL_ERROR", "message": "disk full"}')
        else:
            self.pass_on(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def pass_on(self, body: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_FORWARDED}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        self.answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass
