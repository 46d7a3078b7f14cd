"""The map and the land: every module has its tests, and README's tree names what is there."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Modules without a test file of the same name, and why.
EXEMPT = {
    "pipeline/errors.py": "one exception without a body; every refusal that is tested raises it",
}
# Modules whose test file has another name.
ELSEWHERE = {"pipeline/rungs/registry.py": "tests/rungs/test_registry.py"}
HIDDEN_BUT_NAMED = (".ci", ".github")


def modules() -> list[str]:
    """Return every module of the library, the stages and the commands that has more than words."""
    paths = [p for room in ("pipeline", "stages", "commands") for p in (ROOT / room).rglob("*.py")]
    return sorted(p.relative_to(ROOT).as_posix() for p in paths if not _only_a_docstring(p))


def _only_a_docstring(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return len(body) == (ast.get_docstring(ast.Module(body, [])) is not None)


def mirror_of(module: str) -> Path:
    """Return where the tests of a module are: below `tests`, `pipeline/` left out of the path."""
    path = Path(ELSEWHERE.get(module, module))
    if module in ELSEWHERE:
        return ROOT / path
    return ROOT / "tests" / Path(module.removeprefix("pipeline/")).with_name(f"test_{path.name}")


def tree_of(text: str) -> list[str]:
    """Return the paths that an annotated tree names, folders with a slash at their end."""
    block = re.search(r"^```\w*\ndetection-ladder/\n(.*?)^```", text, re.M | re.S)[1]
    paths, above = [], []
    for line in filter(str.strip, block.splitlines()):
        name = line.split("# <--")[0].rstrip()
        depth = (len(name) - len(name.lstrip())) // 2
        above = [*above[: depth - 1], name.strip()]
        paths.append("".join(above))
    return paths


def tracked() -> set[str]:
    """Return what the tree must name: the top of the repository as git has it, and the rooms."""
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this is no git repository")
    named = set()
    for path in done.stdout.rstrip("\0").split("\0"):
        top, *below = path.split("/")
        if top.startswith(".") and top not in HIDDEN_BUT_NAMED:
            continue
        named.add(f"{top}/" if below else top)
        if top == "pipeline" and len(below) > 1:
            named.add(f"pipeline/{below[0]}/")
    return named


@pytest.fixture(scope="module")
def tree() -> list[str]:
    return tree_of((ROOT / "README.md").read_text())


def test_a_tree_by_hand():
    text = """
```
detection-ladder/
  params.yaml       # <-- every knob
  pipeline/         # <-- the library
    data/           # <-- tables
      voc.py
    models/
  stages/           # <-- one file a stage
```
"""
    paths = ["params.yaml", "pipeline/", "pipeline/data/", "pipeline/formats/voc.py"]
    assert tree_of(text) == [*paths, "pipeline/models/", "stages/"]


@pytest.mark.parametrize("module", modules())
def test_every_module_has_its_tests(module):
    assert module in EXEMPT or mirror_of(module).is_file(), mirror_of(module)


def test_exceptions_are_of_modules_that_exist():
    for module, reason in (EXEMPT | ELSEWHERE).items():
        assert module in modules(), reason
    assert not [module for module in EXEMPT if mirror_of(module).exists()]


def test_the_tree_names_only_what_exists(tree):
    missing = [
        path
        for path in tree
        if not ((ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file())
    ]
    assert not missing


def test_the_tree_names_every_folder_and_every_file_at_the_top(tree):
    assert not tracked() - set(tree)


def test_the_tree_names_nothing_twice(tree):
    assert len(set(tree)) == len(tree)
