"""How stages and commands end."""

import pytest

from pipeline.errors import InputError
from pipeline.exit_codes import exit_code

LEFT = "left on device; free some space, and the same command continues from what is complete"


def failing(error: BaseException):
    def work() -> int:
        print("half of the report")
        raise error

    return work


def test_what_ends_well_says_nothing(capsys):
    assert exit_code(lambda: None) == 0
    assert exit_code(lambda: 3) == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("a.json: image 3: no width; add it"), 1, "error: a.json: image 3: no width; "),
        (FileNotFoundError(2, "No such file", "a.json"), 1, "error: [Errno 2] No such file: 'a."),
        (OSError(28, "No space left on device"), 1, f"error: [Errno 28] No space {LEFT}"),
        (KeyboardInterrupt(), 130, "stopped at once"),
    ],
)
def test_what_the_user_can_fix_is_one_line(capsys, error, code, line):
    assert exit_code(failing(error), "stopped at once") == code
    shown = capsys.readouterr().err
    assert shown.startswith(line)
    assert shown.count("\n") == 1


@pytest.mark.parametrize("error", [ValueError("a bug"), ZeroDivisionError()])
def test_a_bug_keeps_its_traceback(error):
    with pytest.raises(type(error)):
        exit_code(failing(error))
