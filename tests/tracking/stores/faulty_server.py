"""A real `mlflow server`, and a small proxy before it that can be told to fail."""

import http.client
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from commands.ui import server as server_command
from pipeline.tracking.sqlite_store import local_store

_SECONDS_TO_START = 300
_ARTIFACTS = "/api/2.0/mlflow-artifacts/"
_NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "date", "server", "host"}


def start_server(root: Path) -> tuple[subprocess.Popen, int]:
    """Start MLflow with a store of its own in `root`; return its process and port once it is up."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command, environment = server_command(local_store(root), root, "127.0.0.1", port)
    quiet = (root / "server.log").open("w")
    process = subprocess.Popen(
        command, env=environment, cwd=root, stdout=quiet, stderr=quiet, start_new_session=True
    )
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return process, port
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError((root / "server.log").read_text())


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
        """Say nothing of clients that no longer wait."""


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
