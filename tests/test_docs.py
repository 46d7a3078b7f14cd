"""The documents name files that are there, and show results and imports as they are."""

import ast
import json
import re
from email.message import Message
from graphlib import TopologicalSorter

import pytest

from commands.main import COMMANDS
from docs import render
from docs.licences import COPYLEFT, licence_of, licences, locked_names
from docs.params_page import params_page
from tests.conftest import ROOT

DOCUMENTS = ["README.md", "photos/README.md", "dvc.yaml", "params.yaml"]
# What was tried is told with the names of its time.
DOCUMENTS += [
    str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md") if path.name != "experiments.md"
]
SOURCES = re.compile(r"(?<![\w/.])((?:[\w.]+/)*[\w.]+\.(?:py|yaml))(?![\w/])")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_source_that_is_named_is_there(document):
    named = set(SOURCES.findall((ROOT / document).read_text()))
    here = {name for name in named if "/" in name and "NAME" not in name}
    assert [name for name in sorted(here) if not (ROOT / name).is_file()] == []


def test_what_is_looked_for_is_found():
    assert SOURCES.findall("by `a/b.py`, c.yaml (x/y.yaml)") == [
        "a/b.py",
        "c.yaml",
        "x/y.yaml",
    ]
    assert any(SOURCES.findall((ROOT / document).read_text()) for document in DOCUMENTS)


LAYERS = (
    {"commands"},
    {"cycle", "side_by_side"},
    {"compare", "repair"},
    {"other_data"},
    {"labelling"},
    {"tracking", "report", "review", "serve", "export"},
    {"inference"},
    {"train"},
    {"rungs"},
    {"models", "data", "evaluate", "tables", "checks", "sources", "demo"},
    {"formats"},
    {"params"},
    {"base"},
    {"reading"},
)


def test_results_are_rendered_from_their_figures():
    results = json.loads(render.RESULTS.read_text())
    assert render.PAGE.read_text() == render.results_page(results)


def test_parameters_are_rendered_from_their_schema():
    assert render.PARAMS_PAGE.read_text() == params_page(ROOT / "params.yaml")


def test_every_parameter_is_explained():
    rows = [line for line in render.PARAMS_PAGE.read_text().splitlines() if line[:3] == "| `"]
    assert len(rows) > 50
    assert [row for row in rows if not row.split(" | ")[-1].strip("| ")] == []


def messages_of_the_sources() -> str:
    """Return the texts in the code, each on a line, with adjacent ones joined."""
    trees = [
        ast.parse(path.read_text())
        for folder in ("pipeline", "stages", "commands")
        for path in (ROOT / folder).rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return "\n".join(text for text in texts if isinstance(text, str))


def test_messages_that_are_explained_are_those_of_the_code():
    explained = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / "faq.md").read_text(), re.M)
    said = messages_of_the_sources()
    assert len(explained) > 12
    assert [message for message in explained if message not in said] == []


def test_figures_of_the_demo_are_those_of_the_last_run():
    demo = json.loads(render.RESULTS.read_text())["demo"]["rungs"]
    for path in (ROOT / "metrics").glob("*.json"):
        assert demo[path.stem]["metrics"] == json.loads(path.read_text())[path.stem]["val"]


def test_a_table_of_results_by_hand():
    row = {
        "metrics": {"accuracy": 0.99, "l1_px": 6.0},
        "intervals": {"accuracy": [0.946, 0.998]},
        "epochs": 4,
        "seconds": 90,
    }
    assert render.results_table({"both": row}, {"both": "≥ .95"}).splitlines() == [
        "| rung | accuracy | L1 px | epochs | min | goal |",
        "|---|---|---|---|---|---|",
        "| `both` | .990 (.946 to .998) | 6.00 | 4 | 1.5 | ≥ .95 |",
    ]


def test_the_graph_of_imports_is_as_they_are():
    page = render.ARCHITECTURE.read_text()
    assert render.with_graph(page, render.import_graph()) == page


def test_imports_between_rooms_go_down_and_make_no_cycle():
    imports = set(render.room_imports())
    depth = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
    assert [pair for pair in sorted(imports) if depth[pair[0]] >= depth[pair[1]]] == []
    below: dict[str, set[str]] = {}
    for importer, imported in imports:
        below.setdefault(importer, set()).add(imported)
    assert len(list(TopologicalSorter(below).static_order())) > 10


def test_architecture_is_short():
    assert len(render.ARCHITECTURE.read_text().splitlines()) <= 120


def test_architecture_tells_what_is_in_every_room():
    page = render.ARCHITECTURE.read_text()
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    rooms = {f"pipeline/{path.parent.name}/" for path in ROOT.glob("pipeline/*/__init__.py")}
    told = set(re.findall(r"`([a-z_]+/(?:[a-z_]+/)?)`", "\n".join(rows)))
    assert told == rooms | {"commands/", "stages/"}


def test_architecture_names_every_command():
    [row] = re.findall(r"^\| `commands/` \|.*", render.ARCHITECTURE.read_text(), re.M)
    named = {name.removeprefix("ladder ") for name in re.findall(r"`([^`]+)`", row)}
    assert named == {"commands/", *COMMANDS}


def test_every_package_with_copyleft_is_listed():
    page = (ROOT / "docs/reliability.md").read_text()
    found = {name for name, licence in licences().items() if COPYLEFT.search(licence)}
    assert {name for name in found if f"| {name} |" not in page} == set()
    assert "dulwich" in found


def test_a_vulnerability_that_is_passed_over_is_told():
    passed_over = re.findall(r"--ignore-vuln (\S+)", (ROOT / "Makefile").read_text())
    page = (ROOT / "docs/reliability.md").read_text()
    assert passed_over and [name for name in passed_over if name not in page] == []


def test_licences_by_hand():
    assert locked_names("a==1 \\\n    --hash=x\nb-c==2 ; python_version < '3'\n") == ["a", "b-c"]
    package = Message()
    package["Classifier"] = "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"
    assert COPYLEFT.search(licence_of(package))
    package["License-Expression"] = "MIT"
    assert licence_of(package) == "MIT"
    assert licence_of(Message()) == ""
