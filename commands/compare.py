"""`ladder compare`: compare two results, and say whether they differ by more than chance.

Examples:
  ladder compare                             the last commit and this folder
  ladder compare main longer --html c.html   a branch and an experiment, also as a page
  ladder compare HEAD ../other               the last commit and another clone
  ladder compare .:ssd_189 .:ssd_fpn         two rungs of one result
  ladder compare 4331ad90 77f5d707           two MLflow runs, by the beginnings of their ids
  ladder compare evaluated/a evaluated/b     two models on other photos, from `ladder evaluate`

Each side is a folder (a project's root, or one from `ladder evaluate`), a commit, a DVC experiment,
or an MLflow run. All rungs that both sides have are compared, or one if `:RUNG` is appended; this
is part of the side and not an option, since the two sides may name different rungs.

Both are measured on the same photos, matched by file name, and the interval of each difference is
from a paired bootstrap over these photos.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from commands.options.page import check_page
from commands.options.parser import command_parser
from pipeline.compare.comparison import Comparison, compare_results
from pipeline.compare.sides.find_result import find_result
from pipeline.compare.terminal import print_comparison
from pipeline.compare.words import verdict
from pipeline.errors import InputError
from pipeline.files import PARAMS, SOURCE, write_beside
from pipeline.yaml_file import read_yaml


def main(arguments: Sequence[str]) -> int:
    """Compare two results, and say whether they differ by more than chance."""
    options = _parse(arguments)
    a, b = find_result(options.a), find_result(options.b)
    if options.html:
        from pipeline.compare.page import PAGE_TITLE  # matplotlib: only where it is needed

        check_page(options.html, PAGE_TITLE, "--html")
    if options.split and a.split and b.split:
        raise InputError(
            f"--split {options.split}: A and B have no splits, both are from `ladder evaluate`; "
            "leave it out"
        )
    comparison = compare_results(a, b, options.split or "val", ladder_order(PARAMS))
    if options.json:
        print(json.dumps(as_json(comparison), indent=2, ensure_ascii=False))
    else:
        print_comparison(comparison)
    if options.html:
        write_page(comparison, options.html, silent=options.json)
    return 0


def write_page(comparison: Comparison, out: Path, *, silent: bool) -> None:
    """Write the comparison as a page."""
    from pipeline.compare.page import comparison_page

    # Photos that both sides have are the same ones, so either folder will do.
    source = comparison.a.source or comparison.b.source or SOURCE
    page = comparison_page(comparison, source)
    write_beside(out, lambda path: path.write_text(page, encoding="utf-8"))
    if not silent:
        print(f"{out}: {len(page) / 1e6:.1f} MB, open it in any browser")


def ladder_order(path: Path) -> list[str]:
    """Return the names of the rungs in the order of `params.yaml`; empty without that file."""
    content = read_yaml(path) if path.is_file() else {}
    train = content.get("train") if isinstance(content, dict) else {}
    return list(train) if isinstance(train, dict) else []


def as_json(comparison: Comparison) -> dict[str, object]:
    """Return the comparison for scripts."""
    return {
        "a": {"name": comparison.a.name, "about": comparison.a.about},
        "b": {"name": comparison.b.name, "about": comparison.b.about},
        "split": comparison.split or None,
        "params": [asdict(one) for one in comparison.settings],
        "rungs": [
            {
                "rung": rung.name,
                "verdict": verdict(rung),
                "better": rung.headline.better,
                "photos": len(rung.common.images),
                "left_out": asdict(rung.common.left_out),
                "metrics": [_known(asdict(one)) for one in rung.differences],
                "classes": [_known(asdict(one)) for one in rung.classes],
                "differing_photos": [asdict(one) for one in rung.photos],
            }
            for rung in comparison.rungs
        ],
    }


def _known(row: dict[str, object]) -> dict[str, object]:
    """Return a row with null for NaN, which JSON does not have."""
    return {key: None if value != value else value for key, value in row.items()}


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument(
        "a", metavar="A", nargs="?", default="HEAD", help="the earlier result (%(default)s)"
    )
    parser.add_argument(
        "b", metavar="B", nargs="?", default=".", help="the later one (%(default)s, this folder)"
    )
    parser.add_argument(
        "--split",
        choices=("val", "test"),
        help="compare the photos of this split of a project (val)",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with photos")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args(arguments)
