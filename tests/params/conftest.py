"""The repository's own parameters, and a way to change one of them."""

import copy

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def content():
    """What the repository's own file holds."""
    return YAML(typ="safe").load((ROOT / "params.yaml").read_text())


@pytest.fixture
def change(content, tmp_path):
    """Return a function that writes the parameters with one key changed (`...`: taken away)."""

    def write(key, value):
        changed = copy.deepcopy(content)
        *way, last = key.split(".")
        section = changed
        for part in way:
            section = section[part]
        if value is ...:
            del section[last]
        else:
            section[last] = value
        path = tmp_path / "params.yaml"
        with path.open("w") as file:
            YAML().dump(changed, file)
        return path

    return write
