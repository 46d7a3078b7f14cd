"""The command `ladder` and its sub-commands.

Each sub-command is a module in this folder, or in `ci/`, with `main(arguments) -> exit code`. It is
imported only when it is called, so that `ladder --help` is instant.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from pipeline.exit_codes import exit_code

COMMANDS = {
    "label": "find objects in new photos and write them as labels",
    "review": "make a page of the machine labels that a person should see first",
    "evaluate": "measure a trained rung on other labelled photos",
    "export": "write a trained rung as ONNX, OpenVINO or a torch program, checked against torch",
    "selftrain": "label new photos and train again with these labels added",
    "serve": "serve a trained rung over HTTP: photos in, boxes out",
    "repro": "run what is out of date, several stages at a time",
    "run": "run the ladder with a profile or with other parameters",
    "compare": "compare two results, and say whether they differ by more than chance",
    "promote": "make a model the champion of its rung, if it passes the gate",
    "verify": "say what a commit leaves to train, and whether its data was pushed",
    "retrain": "train what changed, judge, report and push it, as in CI",
    "ui": "open MLflow on the comparison of the ladder's runs",
    "lr": "find a good learning rate for a rung on this data",
    "verify-repro": "run the ladder twice from nothing, and compare the bytes",
    "doctor": "check environment, weights, DVC's cache and the MLflow store",
}
_OF_CI = ("verify", "retrain")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a sub-command and exit with its code; bad input prints one line and exits with 1."""
    parser = argparse.ArgumentParser(prog="ladder", description="The detection ladder's commands.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)  # the module has the real parser
    known, rest = parser.parse_known_args(arguments)
    raise SystemExit(exit_code(lambda: command_module(known.command).main(rest)))


def command_module(command: str) -> ModuleType:
    """Import the module of a sub-command."""
    folder = "commands.ci" if command in _OF_CI else "commands"
    return import_module(f"{folder}.{command.replace('-', '_')}")


if __name__ == "__main__":
    main()
