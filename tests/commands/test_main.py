"""The command `ladder`."""

import subprocess
import sys
from importlib import import_module

import pytest

from commands import main as ladder
from pipeline.errors import InputError


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(arguments)
    return end.value.code


def test_without_a_command_it_says_what_there_is(capsys):
    assert run() == 2
    assert "COMMAND" in capsys.readouterr().err


def test_help_lists_every_command(capsys):
    assert run("--help") == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ladder.COMMANDS)


@pytest.mark.parametrize("name", ladder.COMMANDS)
def test_each_command_explains_itself(name, capsys):
    assert run(name, "--help") == 0
    out = capsys.readouterr().out
    assert f"usage: ladder {name}" in out
    assert f"Examples:\n  ladder {name}" in out


def test_an_unknown_command_and_an_unknown_option(capsys):
    assert run("labels") == 2
    assert run("ui", "--prot", "1") == 2
    assert "--prot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("a.json: bad; mend it"), 1, "error: a.json: bad; mend it\n"),
        (PermissionError("mlflow.db"), 1, "error: mlflow.db\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
    ],
)
def test_bad_input_is_one_line(monkeypatch, capsys, error, code, line):
    def fail(arguments):
        raise error

    monkeypatch.setattr(import_module("commands.doctor"), "main", fail)
    assert run("doctor") == code
    assert capsys.readouterr().err == line


def test_help_imports_nothing_heavy():
    code = (
        "import sys, commands.main as m\n"
        "try: m.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('torch', 'mlflow', 'dvc', 'pandas', 'pydantic') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
