"""Fixtures that several files of tests of the data rooms share."""

import pytest

from pipeline.tables.build import Tables, build_tables
from tests.data.making import SMALL, labels, pascal


@pytest.fixture
def tables() -> Tables:
    return build_tables(labels(pascal(SMALL)))
