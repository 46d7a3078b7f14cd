"""One server for all tests that only send requests."""

from collections.abc import Iterator

import pytest

from tests.serve.making import Running, running, service_of, small_detector


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    """Yield a server with at most four photos in a batch."""
    with running(service_of(small_detector(batch_size=4))) as server:
        yield server
