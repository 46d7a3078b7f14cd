"""The map and the land: every module has its tests, and README's tree names what is there."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from collections import Counter
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

# Modules without a test file of the same name, and why.
EXEMPT = {
    "pipeline/__init__.py": "two names, which tests/inference/test_detections.py imports",
    "stages/__init__.py": "a condition; tests/test_processes.py starts both sides of it",
    "pipeline/formats/label_format.py": "declarations, which the tests of every format use",
    "pipeline/inference/engines/engine.py": "a declaration, which the tests of every engine use",
}
# Modules whose test file has another name.
ELSEWHERE = {"pipeline/report/pages/html_photos.py": "tests/report/pages/test_data_page.py"}
HIDDEN_BUT_NAMED = (".ci", ".github")


def modules() -> list[str]:
    """Return every module of the library, the stages and the commands that has more than words."""
    files = [path for path in library_files() if not _only_a_docstring(path)]
    return sorted(path.relative_to(ROOT).as_posix() for path in files)


def library_files() -> list[Path]:
    """Return every Python file of the library, the stages and the commands."""
    return [
        path for room in ("pipeline", "stages", "commands") for path in (ROOT / room).rglob("*.py")
    ]


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
    paths = ["params.yaml", "pipeline/", "pipeline/data/", "pipeline/data/voc.py"]
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


STAGES = ("fetch", "tables", "pixels", "train", "predict", "evaluate", "report", "track")


def test_stages_are_eight_files_and_their_entry():
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert files == {*STAGES, "entry"}


def test_dvc_yaml_names_the_stages_and_fits_on_three_screens():
    text = (ROOT / "dvc.yaml").read_text()
    assert len(text.splitlines()) <= 160
    assert tuple(YAML(typ="safe").load(text)["stages"]) == STAGES


def test_a_stage_takes_the_place_of_its_shell(tmp_path):
    """Otherwise the end of DVC ends the shell alone, where that is dash."""
    (tmp_path / "number.py").write_text("import os; print(os.getpid())")
    run = dict(YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["vars"][0])["run"]
    words = ["/bin/sh", "-c", f"{run} number"]
    environment = os.environ | {"DVC_ROOT": str(Path(sys.prefix).parent)}
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as stage:
        assert int(stage.stdout.read()) == stage.pid


def test_modules_and_folders_are_small():
    library = [
        path for room in ("pipeline", "stages", "commands") for path in (ROOT / room).rglob("*.py")
    ]
    assert [path for path in library if len(path.read_text().splitlines()) > 300] == []
    folders = Counter(path.parent for path in library if path.name != "__init__.py")
    assert [folder for folder, modules in folders.items() if modules > 15] == []


# Earlier words, for which the field has others.
PRIVATE_WORDS = ("rest_early", "KeptFeatures", "ModelCard", "only_to_detect", "NEITHER", "lecture")


def test_no_private_words():
    for path in (
        p for room in ("pipeline", "stages", "commands") for p in (ROOT / room).rglob("*.py")
    ):
        assert not [word for word in PRIVATE_WORDS if word in path.read_text()], path


def test_the_environment_is_compiled_also_where_no_process_imports():
    """Where PYTHONDONTWRITEBYTECODE is set a process keeps nothing of what it compiles."""
    never_imported = Path(sysconfig.get_path("purelib")) / "sympy" / "physics" / "optics"
    modules = list(never_imported.glob("*.py"))
    lacking = [path for path in modules if not Path(cache_from_source(str(path))).is_file()]
    assert modules and not lacking
