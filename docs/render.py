"""`python docs/render.py`: renders the documents' results, parameters and import graph.

docs/results.json has the figures, in the form of `metrics/`; docs/results.md is rendered from it,
docs/params.md from the schema of the parameters, and the graph in docs/architecture.md from the
actual imports.

  python docs/render.py                  renders all three
  python docs/render.py --take demo      first takes the results of this folder as `demo`
"""

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

import grimp

from docs.params_page import params_page
from pipeline.params.params import load_params

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE = ROOT / "docs" / "results.json", ROOT / "docs" / "results.md"
PARAMS_PAGE = ROOT / "docs" / "params.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
_METRICS = {  # title and digits of each column
    "accuracy": ("accuracy", 3),
    "l1_px": ("L1 px", 2),
    "mean_iou": ("mean IoU", 3),
    "voc_map_50": ("VOC mAP@.5", 3),
    "voc_map_50_11pt": ("11-point", 3),
    "coco_map": ("COCO mAP", 3),
}
_START, _END = "<!-- imports: made by make docs -->\n", "<!-- end of imports -->\n"
_MANY = 10


def main() -> None:
    """Render docs/results.md, docs/params.md and the import graph of docs/architecture.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--take", metavar="NAME", help="entry of docs/results.json to replace")
    name = parser.parse_args().take
    results = json.loads(RESULTS.read_text())
    if name:
        if name not in results:
            parser.error(f"docs/results.json: no {name}; there are {', '.join(results)}")
        results[name]["rungs"] = taken(Path.cwd())
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(results_page(results))
    PARAMS_PAGE.write_text(params_page(ROOT / "params.yaml"))
    ARCHITECTURE.write_text(with_graph(ARCHITECTURE.read_text(), import_graph()))


def taken(project: Path) -> dict:
    """Return metrics of val, their intervals, epochs and seconds of every rung of a project."""
    rungs = {}
    for rung in load_params(project / "params.yaml").rung_names:
        path = project / "metrics" / f"{rung}.json"
        folder = project / "models" / rung
        training = json.loads((project / "training" / f"{rung}.json").read_text())
        with (project / "evaluation" / rung / "intervals.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
        rungs[rung] = {
            "metrics": json.loads(path.read_text())[rung]["val"],
            "intervals": {row["metric"]: [float(row["low"]), float(row["high"])] for row in rows},
            "epochs": len((folder / "history.jsonl").read_text().splitlines()),
            "seconds": training["seconds"],
            "processor": training["processor"],
        }
    return rungs


def results_page(results: dict) -> str:
    """Return docs/results.md."""
    parts = [
        "# Results\n",
        "Rendered by `make docs` from `docs/results.json`. Every figure is the last epoch's, on "
        "photos that\nthe rung was not trained on; in brackets is a 95 % interval over these "
        "photos, which does not cover\nthe variation between seeds. L1 is in pixels of a photo "
        "squashed to 224. What was tried on the way is in\n[experiments.md](experiments.md).\n",
    ]
    for result in results.values():
        if not result["rungs"]:
            continue
        processors = sorted({row["processor"] for row in result["rungs"].values()} - {""})
        about = " ".join([result["about"], *(f"Processor: {name}." for name in processors)])
        parts += [f"## {result['title']}\n", f"    {result['command']}\n", about + "\n"]
        parts.append(results_table(result["rungs"], result.get("goals", {})))
    return "\n".join(parts)


def results_table(rungs: dict, goals: dict) -> str:
    """Return a Markdown table with one row per rung, and a column of `goals` if there are any."""
    names = [name for name in _METRICS if any(name in rung["metrics"] for rung in rungs.values())]
    titles = ["rung", *(_METRICS[name][0] for name in names), "epochs", "min"]
    if goals:
        titles.append("goal")
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for rung, row in rungs.items():
        cells = [f"`{rung}`", *(_cell(row, name) for name in names)]
        minutes = "" if row["seconds"] is None else f"{row['seconds'] / 60:.1f}"
        cells += [str(row["epochs"]), minutes]
        if goals:
            cells.append(goals.get(rung, ""))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(row: dict, name: str) -> str:
    """Return a metric with its interval, `.990 (.946 to .998)`; empty if the rung has none."""
    digits = _METRICS[name][1]
    value = row["metrics"].get(name)
    if value is None:
        return ""
    ends = row["intervals"].get(name)
    shown = _number(value, digits)
    return shown + (f" ({_number(ends[0], digits)} to {_number(ends[1], digits)})" if ends else "")


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.removeprefix("0") if digits > 2 else text


def import_graph() -> str:
    """Return a Mermaid graph of the imports between packages, one line per package and arrow."""
    arrows = Counter(pair for pair in room_imports() if "base" not in pair)
    targets: dict[tuple[str, str], list[str]] = {}
    for (importer, imported), count in sorted(arrows.items()):
        targets.setdefault((importer, "==>" if count >= _MANY else "-->"), []).append(imported)
    lines = [f"  {room} {arrow} {' & '.join(rooms)}" for (room, arrow), rooms in targets.items()]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"]) + "\n"


def room_imports() -> list[tuple[str, str]]:
    """Return importer and imported package of every import between packages, without the stages.

    Left out are the root of the library, which only re-exports names for users, and the one error
    that everyone raises and that imports nothing.
    """
    graph = grimp.build_graph("pipeline", "commands")
    pairs = [
        (room_of(importer), room_of(imported))
        for importer in graph.modules - {"pipeline"}
        for imported in graph.find_modules_directly_imported_by(importer) - {"pipeline.errors"}
    ]
    return [(importer, imported) for importer, imported in pairs if importer != imported]


def room_of(module: str) -> str:
    """Return the package of a module: a folder of the library, `base` for top-level modules."""
    package, *below = module.split(".")
    if package != "pipeline":
        return package
    return below[0] if below and (ROOT / "pipeline" / below[0]).is_dir() else "base"


def with_graph(page: str, graph: str) -> str:
    """Return docs/architecture.md with the graph between its two markers."""
    before, rest = page.split(_START)
    return before + _START + graph + _END + rest.split(_END)[1]


if __name__ == "__main__":
    main()
