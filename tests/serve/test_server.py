"""Sockets, and errors about hosts and ports."""

import socket

import pytest

from pipeline.errors import InputError
from pipeline.serve.server import address, bound_sockets, listen


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("fe80::2", "[fe80::2]"),
        ("a.example", "a.example"),
    ],
)
def test_what_to_open_in_a_browser(host: str, shown: str) -> None:
    assert address(host, 80) == f"http://{shown}:80"


def test_a_bound_socket_answers_when_it_listens() -> None:
    [bound] = bound_sockets("127.0.0.1", 0)
    with bound:
        assert bound.proto == socket.IPPROTO_TCP  # or answers would be held for 40 ms
        place = bound.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place)
        listen([bound])
        socket.create_connection(place).close()


def test_a_name_with_several_addresses_has_one_port() -> None:
    sockets = bound_sockets("localhost", 0)
    assert len({one.getsockname()[1] for one in sockets}) == 1
    for one in sockets:
        one.close()


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port: {port} on 127.0.0.1 cannot be used"):
            bound_sockets("127.0.0.1", port)


def test_a_port_that_another_has_taken_since() -> None:
    [first] = bound_sockets("127.0.0.1", 0)
    [second] = bound_sockets("127.0.0.1", first.getsockname()[1])
    with first, second:
        listen([first])
        with pytest.raises(InputError, match=r"cannot be used .*; name a free one with --port"):
            listen([second])


@pytest.mark.parametrize("host", ["no.invalid", "127.0..1", "192.0.2.1"])  # the last: RFC 5737
def test_a_host_that_is_not_of_this_machine(host: str) -> None:
    with pytest.raises(InputError, match=f"--host: {host} is not an address of this machine; name"):
        bound_sockets(host, 0)
