"""One server for the tests that only ask."""

from collections.abc import Iterator

import pytest

from tests.serve.making import Running, running, service_of, small_detector


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    """Yield a server whose batches have four photos at most."""
    with running(service_of(small_detector(batch_size=4))) as server:
        yield server
