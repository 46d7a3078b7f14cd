"""The device by name, and what happens if it is not available."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.models.device import choose_device, device_name, processor_name


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_there_is(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto") == torch.device(expected)


def test_named_device():
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "cpu:x", "cuda:99", "Auto"])
def test_device_that_is_not_there(name):
    with pytest.raises(InputError, match=r"^train\.shared\.device = ") as error:
        choose_device(name)
    message = str(error.value)
    assert f"= {name}: not usable here; use auto, cpu" in message
    assert "\n" not in message


def test_a_processor_has_a_name_on_one_line():
    assert device_name(torch.device("cpu")) == "cpu"
    assert processor_name() and "\n" not in processor_name()


def test_where_the_system_does_not_say_it_is_the_architecture(monkeypatch):
    def read_text(path):
        raise FileNotFoundError

    monkeypatch.setattr("pathlib.Path.read_text", read_text)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert processor_name() == "arm64"
