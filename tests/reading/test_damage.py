"""What readers of damaged files raise becomes one line."""

import errno
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.reading.damage import naming_damage


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no\n  magic"), "no magic"),
        (KeyError(), "KeyError"),
        (OSError("not flushed"), "not flushed"),
        (MemoryError("x" * 999), "x" * 200),
    ],
)
def test_any_error_is_one_line(error, words):
    with (
        pytest.raises(InputError) as told,
        naming_damage(Path("a.bin"), "a thing", "make it again"),
    ):
        raise error
    assert str(told.value) == f"a.bin: not a thing, or damaged ({words}); make it again"


def test_what_the_system_and_the_library_say_themselves_stays():
    for error in (FileNotFoundError(errno.ENOENT, "gone"), InputError("b: wrong; mend it")):
        with pytest.raises(type(error)) as told, naming_damage(Path("a"), "a thing", "again"):
            raise error
        assert told.value is error
