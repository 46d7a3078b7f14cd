"""Fixtures that several files of tests of the data rooms share."""

import threading
from collections.abc import Iterator

import pytest

from pipeline.formats.columns import columns_of
from pipeline.tables.build import Tables, build_tables
from tests.data.making import SMALL, Server, pascal


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def tables() -> Tables:
    return build_tables(columns_of(pascal(SMALL)))
