"""`ladder ui`: open MLflow on the comparison of the ladder's runs.

Examples:
  ladder ui                             the store of this project, or of MLFLOW_TRACKING_URI
  ladder ui --host 0.0.0.0 --port 80    also for others, at this machine's IP address

MLflow refuses host names that MLFLOW_SERVER_ALLOWED_HOSTS does not list, e.g. box.lab:80.
"""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from commands.options.parser import command_parser, number
from pipeline.errors import InputError
from pipeline.reading.address import check_address
from pipeline.tracking.mlflow_store import experiment_name, is_server, store_uri, without_password
from pipeline.tracking.pages.links import OPENS, START, comparison
from pipeline.tracking.sqlite_store import database, find_experiment, is_damaged

Address = tuple[str | int | bytes, ...]  # host and port; for IPv6 two more numbers
_PORTS = range(5000, 5020)
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # to open in a browser


def main(arguments: Sequence[str]) -> int:
    """Replace this process by MLflow's server, after printing the link to the ladder's runs."""
    options = _parse(arguments)
    root = Path(os.environ.get("DVC_ROOT") or ".").resolve()
    uri = store_uri(root)
    if is_server(uri):
        check_address(uri)
        print(f"MLFLOW_TRACKING_URI names a server; open {without_password(uri)}")
        return 0
    experiment = find_experiment(uri, experiment_name())
    store = database(uri)
    if store and experiment is None:
        if is_damaged(uri):
            raise InputError(f"{uri}: damaged; move {store.name} aside, `make repro` makes another")
        raise InputError(f"{uri}: no runs of the ladder yet; `make repro` logs them")
    port = free_port(options.host, options.port)
    print(f"MLflow takes 5 to 15 seconds to start; then open\n\n  {link(options.host, port)}\n")
    print("Ctrl-C ends it.", flush=True)
    command, environment = server(uri, root, options.host, port)
    environment[OPENS] = comparison(experiment) if experiment else "/"
    os.chdir(root)
    os.execve(command[0], command, environment)


def link(host: str, port: int) -> str:
    """Return the address of the page that leads to the comparison of the runs."""
    shown = _LOOPBACK.get(host, host)
    if ":" in shown:  # IPv6
        shown = f"[{shown}]"
    return f"http://{shown}:{port}{START}"


def server(uri: str, root: Path, host: str, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command line that serves the pages, and its environment.

    It is what `mlflow ui --workers 1` runs, but in one process instead of two that import all of
    MLflow, and without the job queue, which makes it 15 processes and 3.3 GB.
    """
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", "pipeline.tracking.pages.app:app"]
    command += ["--host", host, "--port", str(port), "--log-level", "warning"]
    settings = {
        "_MLFLOW_SERVER_FILE_STORE": uri,
        "_MLFLOW_SERVER_REGISTRY_STORE": uri,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",  # for new experiments
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": (root / "mlruns").as_uri(),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return command, settings | dict(os.environ)


def free_port(host: str, wanted: int | None) -> int:
    """Return the wanted port, or the first free one of 5000 to 5019.

    Raises:
        InputError: it is in use, or the host is not an address of this machine.
    """
    addresses = _addresses(host)
    for port in [wanted] if wanted is not None else _PORTS:
        if all(_can_bind(family, (ip, port, *rest)) for family, (ip, _, *rest) in addresses):
            return port
    busy = wanted if wanted is not None else f"{_PORTS[0]} to {_PORTS[-1]}"
    raise InputError(f"--port: {busy} on {host} cannot be used; name a free one with --port")


def _addresses(host: str) -> list[tuple[int, Address]]:
    """Return family and socket address, with port 0, of every address a server can listen on."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):  # UnicodeError: an empty or too long label in the name
        found = []
    usable: list[tuple[int, Address]] = [
        (family, address) for family, *_, address in found if _can_bind(family, address)
    ]
    if not usable:
        raise InputError(
            f"--host: {host} is not an address of this machine; name one, or leave it out"
        )
    return usable


def _can_bind(family: int, address: Address) -> bool:
    try:
        with socket.socket(family) as probe:
            # Without this, a port counts as busy for a minute after its last server ended.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        return False
    return True


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=number(int, 1, 65535), help="port; by default the first free one from 5000"
    )
    return parser.parse_args(arguments)
