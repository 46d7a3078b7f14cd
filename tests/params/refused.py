"""Returns the message with which parameters are refused."""

import pytest

from pipeline.errors import InputError
from pipeline.params.params import load_params


def refused(path):
    """Return the one line that a file of parameters is refused with."""
    with pytest.raises(InputError) as error:
        load_params(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")
