"""The error for a missing package names it and what installs it."""

import pytest

from pipeline.errors import InputError
from pipeline.inference.engines.extra import needs_extra


def test_a_missing_package_is_one_line():
    with (
        pytest.raises(InputError) as refused,
        needs_extra("a.onnx"),
    ):
        import nobodys.part  # noqa: F401
    says = "a.onnx: needs the package nobodys; install it: pip install nobodys"
    assert str(refused.value) == says
    with pytest.raises(InputError, match=r"pip install nncf$"), needs_extra("--format"):
        raise ModuleNotFoundError("no", name="nncf.quantization")


def test_other_errors_are_left_alone():
    with pytest.raises(ValueError, match="seven"), needs_extra("a.onnx"):
        raise ValueError("seven")
