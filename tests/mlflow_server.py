"""A real MLflow server on loopback, with a store of its own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from commands.ui import server as server_command
from pipeline.tracking.sqlite_store import local_store

_SECONDS_TO_START = 300


@dataclass(frozen=True)
class RunningServer:
    """A server that answers."""

    process: subprocess.Popen
    port: int

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def mlflow_server(folder: Path) -> Iterator[RunningServer]:
    """Yield the server of `ladder ui` with its store and its log in `folder`."""
    port = free_port()
    command, environment = server_command(local_store(folder), folder, "127.0.0.1", port)
    with running(command, port, folder / "server.log", environment) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str | Path], port: int, log: Path, environment: Mapping[str, str]
) -> Iterator[RunningServer]:
    """Yield a server of MLflow once it answers, and kill it at the end, its children included."""
    with log.open("w") as said:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=log.parent,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    server = RunningServer(process, port)
    try:
        deadline = time.monotonic() + _SECONDS_TO_START
        while not _answers(server.uri):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _answers(uri: str) -> bool:
    try:
        urlopen(f"{uri}/health", timeout=5).close()
    except (URLError, OSError):
        return False
    return True
