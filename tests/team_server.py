"""A real MLflow server as a team has it: PostgreSQL behind it, a password in front of it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

import pytest

from tests.mlflow_server import free_port, running

ADMIN = "admin"
_SECONDS = 120
_NO_ROOT = "nobody"  # PostgreSQL refuses to run as root


@dataclass(frozen=True)
class TeamServer:
    """Where a server answers, and the password of its administrator."""

    host: str
    password: str

    def uri(self, user: str, password: str) -> str:
        """Return the tracking URI of a user."""
        return f"http://{user}:{password}@{self.host}"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Yield the address of an empty database; skip where Debian's PostgreSQL is absent."""
    found = shutil.which("initdb") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None
    )
    if not found:
        pytest.skip("no PostgreSQL here: apt install postgresql")
    programs = Path(found).resolve().parent
    data, port = folder / "data", free_port()
    user = _NO_ROOT if os.geteuid() == 0 else None
    folder.mkdir()
    folder.chmod(0o700)
    if user:
        shutil.chown(folder, user)
    run = [programs / "initdb", "--auth=trust", "--username=mlflow", "-D", data]
    subprocess.run(run, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
    listening = ["-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", folder]
    command = [programs / "postgres", "-D", data, *listening, "-c", "fsync=off"]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_for_port(port, server)
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(60)


@contextmanager
def team_server(folder: Path) -> Iterator[TeamServer]:
    """Yield a server with basic auth; skip where a package that it needs is absent."""
    for module, package in (("psycopg2", "psycopg2-binary"), ("flask_wtf", "flask-wtf")):
        if find_spec(module) is None:
            pytest.skip(f"no {package} here: the extra `server`")
    _let_others_pass(folder)
    password, port = secrets.token_urlsafe(16), free_port()
    with postgres(folder / "postgres") as database:
        (folder / "auth.ini").write_text(
            "[mlflow]\ndefault_permission = EDIT\nauth_cache_ttl_seconds = 60\n"
            f"database_uri = {database}\nadmin_username = {ADMIN}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        )
        own = {
            "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
            "MLFLOW_AUTH_ADMIN_PASSWORD": password,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(16),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # Or a dozen more processes import all of MLflow, for jobs that nobody sends.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        words = ["server", "--app-name", "basic-auth", "--workers", "1"]
        words += ["--backend-store-uri", database, "--artifacts-destination", folder / "artifacts"]
        words += ["--host", "127.0.0.1", "--port", str(port)]
        command = [sys.executable, "-m", "mlflow", *words]
        with running(command, port, folder / "server.log", os.environ | own):
            yield TeamServer(f"127.0.0.1:{port}", password)


def _let_others_pass(folder: Path) -> None:
    """Let the user that PostgreSQL runs as reach a folder of pytest's, which are private."""
    if os.geteuid() == 0:
        temporary = Path(tempfile.gettempdir())
        for above in takewhile(lambda path: path != temporary, [folder, *folder.parents]):
            above.chmod(above.stat().st_mode | 0o011)


def _wait_for_port(port: int, server: subprocess.Popen) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        assert server.poll() is None and time.monotonic() < end, "PostgreSQL does not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
