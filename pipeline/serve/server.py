"""The server: its sockets, bound before the model loads, and a graceful shutdown."""

import errno
import signal
import socket
from contextlib import ExitStack
from types import FrameType

import uvicorn
from fastapi import FastAPI

from pipeline.errors import InputError

_BACKLOG = 2048
_END = (signal.SIGINT, signal.SIGTERM)
_GRACE_SECONDS = 30
_IDLE_SECONDS = 65  # longer than the minute after which most load balancers drop a connection


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Return a socket for each address of a host, which refuses connections until `listen`.

    This reports a port that is in use at once, and nobody can take it while the model loads.

    Args:
        host: a name or an address of this machine.
        port: 0 for any free one.

    Raises:
        InputError: the port is in use, or the host is not an address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):  # the latter: a label is empty or too long
        raise InputError(_no_address(host)) from None
    sockets: list[socket.socket] = []
    with ExitStack() as closing:
        for family, _, _, _, (ip, _, *rest) in found:
            # asyncio sets TCP_NODELAY only if the socket names TCP; else small packets wait 40 ms.
            one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            closing.enter_context(one)
            # Otherwise a port counts as in use for a minute after its last server has ended.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                one.bind((ip, port, *rest))
            except OSError as error:
                raise InputError(_why(error, host, port)) from None
            port = one.getsockname()[1]
            sockets.append(one)
        closing.pop_all()
    return sockets


def listen(sockets: list[socket.socket]) -> None:
    """Accept connections; they wait until the server runs.

    Raises:
        InputError: another program has taken the port in the meantime.
    """
    for one in sockets:
        try:
            one.listen(_BACKLOG)
        except OSError as error:
            raise InputError(_why(error, *one.getsockname()[:2])) from None


def address(host: str, port: int) -> str:
    """Return the address to open in a browser.

    >>> address("0.0.0.0", 80), address("::1", 8000)
    ('http://127.0.0.1:80', 'http://[::1]:8000')
    """
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def server_of(app: FastAPI) -> uvicorn.Server:
    """Return the server of an application; it ends when its `should_exit` becomes true."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def run(app: FastAPI, sockets: list[socket.socket], line: str) -> None:
    """Serve on these sockets until SIGTERM or Ctrl-C; requests in flight are still answered.

    Args:
        app: the application.
        sockets: bound ones.
        line: printed once connections are accepted.

    Raises:
        InputError: another program has taken the port in the meantime.
    """
    server = server_of(app)

    def end(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn handles the signals while it runs, and raises them again when it has ended; without
    # these handlers that would end the process with an error.
    before = {number: signal.signal(number, end) for number in _END}
    try:
        listen(sockets)
        print(line, flush=True)
        server.run(sockets)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return _no_address(host)
    reason = error.strerror or error
    return f"--port: {port} on {host} cannot be used ({reason}); name a free one with --port"


def _no_address(host: str) -> str:
    return f"--host: {host} is not an address of this machine; name one, or leave it out"
