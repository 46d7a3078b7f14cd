"""Every command that a document or a `--help` shows is read by the real parser of its program."""

import argparse
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from dvc.cli import parse_args as parse_dvc

from commands.main import COMMANDS, command_module
from commands.run import params_with, wanted_params
from pipeline.files import PARAMS
from pipeline.tracking.git_state import flat_params_of
from pipeline.yaml_file import read_yaml
from tests.conftest import ROOT

# What was tried is told with the commands of its time.
PAGES = [ROOT / "README.md", ROOT / "photos" / "README.md"]
PAGES += sorted(path for path in ROOT.glob("docs/*.md") if path.name != "experiments.md")
PROGRAMS = ("ladder", "dvc", "make", "mlflow", "python")
_FENCED = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
_INDENTED = re.compile(r"^(?:    .*\n)+", re.M)


def shown(page: Path) -> Iterator[list[str]]:
    """Yield the words of each command of ours that a page shows as one to be typed."""
    text = page.read_text()
    blocks = _FENCED.findall(text) + _INDENTED.findall(
        re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    )
    for block in blocks:
        yield from _commands(block.replace("\\\n", " "))


def _commands(block: str) -> Iterator[list[str]]:
    for line in block.splitlines():
        typed = re.split(r" {2,}", line.strip())[0]  # what follows says what it does
        for part in typed.split(" && "):
            program = part.partition(" ")[0].rpartition("/")[2]
            if program in PROGRAMS:
                yield shlex.split(part, comments=True)


def examples(command: str) -> list[list[str]]:
    """Return the words of each example in the help of a sub-command."""
    doc = command_module(command).__doc__ or ""
    return list(_commands(doc.partition("Examples:")[2].partition("\n\n")[0]))


SHOWN = {shlex.join(words): words for page in PAGES for words in shown(page)}


class Parsed(Exception):
    """The arguments are right."""


def parse(words: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """Return what a program reads of a command, without doing what it says."""
    program, *rest = words
    program = program.rpartition("/")[2]
    if program == "ladder":
        return parse_ladder(rest, monkeypatch)
    elif program == "dvc":
        return parse_dvc(rest)
    elif program == "make":
        done = subprocess.run(["make", "-n", *rest], cwd=ROOT, check=True, capture_output=True)
        return done.stdout
    elif program == "mlflow":
        from mlflow.cli import cli  # seconds, which only the worker that comes here is to spend

        return parse_click(cli, rest)
    assert rest[0] == "-m", words
    return find_spec(rest[1])


def parse_ladder(words: list[str], monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    read = argparse.ArgumentParser.parse_args

    def read_and_stop(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
        raise Parsed(read(parser, arguments))

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", read_and_stop)
    command, *rest = words
    assert command in COMMANDS, words
    with pytest.raises(Parsed) as parsed:
        command_module(command).main(rest)
    (options,) = parsed.value.args
    if command in ("run", "selftrain", "verify-repro"):
        check_settings(getattr(options, "profile", None), options.settings)
    return options


def check_settings(profile: str | None, settings: list[str]) -> None:
    """Check that what a command sets are parameters, and that their values are legal."""
    current = flat_params_of(read_yaml(PARAMS), str(PARAMS))
    params_with(wanted_params(profile, None, settings, current))


def parse_click(command: click.Command, words: list[str]) -> dict[str, object]:
    context = click.Context(command)
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        context = click.Context(command, info_name=name, parent=context)
    command.parse_args(context, words)
    return context.params


@pytest.mark.parametrize("text", SHOWN)
def test_a_command_of_the_documents_is_right(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert parse(SHOWN[text], monkeypatch)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_a_command_are_right(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert examples(command)
    for words in examples(command):
        with monkeypatch.context() as patch:
            assert parse(words, patch)


def test_commands_are_found() -> None:
    assert {words[0].rpartition("/")[2] for words in SHOWN.values()} == set(PROGRAMS)
    assert ["make", "repro"] in SHOWN.values()


@pytest.mark.parametrize(
    "text",
    [
        "ladder lable photos",
        "ladder label photos --fromat yolo",
        "ladder run -S train.ssd_fpn.epochs=4",
        "ladder run -S train.bbox.dropout=2",
        "make repo",
        "dvc exp shwo",
        "mlflow models serve --modle m",
    ],
)
def test_a_wrong_one_is_not(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises((Exception, SystemExit)):  # each program has its own
        parse(shlex.split(text), monkeypatch)
