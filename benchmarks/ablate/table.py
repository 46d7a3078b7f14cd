"""The outcomes of all studies as tables in docs/experiments.md."""

import json
from pathlib import Path

from benchmarks.ablate.outcome import Outcome

PAGE = Path("docs/experiments.md")
_START, _END = "<!-- studies: made by benchmarks.ablate -->\n", "<!-- end of studies -->\n"


def write_tables(results: Path, page: Path = PAGE) -> None:
    """Put a table for every study in a folder of results between the marks of a page."""
    before, _, rest = page.read_text().partition(_START)
    _, _, after = rest.partition(_END)
    tables = [table(path) for path in sorted(results.glob("*.json"))]
    page.write_text(before + _START + "\n" + "\n".join(tables) + "\n" + _END + after)


def table(path: Path) -> str:
    """Return one study in Markdown."""
    content = json.loads(path.read_text())
    study = content["study"]
    changes = {change["name"]: change for change in study["changes"]}
    lines = [
        f"### {path.stem}",
        "",
        f"`{study['rung']}`, profile `{study['profile']}`"
        + "".join(f", `{setting}`" for setting in study["settings"])
        + f"; seeds {', '.join(map(str, study['seeds']))}; {content['machine']['processor']}.",
        "",
        "| change | metric | baseline | change of it | 95 % over photos | by seed | minutes | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in content["outcomes"]:
        one = Outcome(**row)
        change = changes[one.change]
        what = " ".join([*change["settings"], change["commit"]]).strip()
        minutes = content["minutes"]
        lines.append(
            f"| {one.change} (`{what}`) | {one.metric} | {one.baseline:.3f} "
            f"| {sum(one.by_seed) / len(one.by_seed):+.3f} | {one.low:+.3f} to {one.high:+.3f} "
            f"| {', '.join(f'{each:+.3f}' for each in one.by_seed)} "
            f"| {minutes['baseline']:.1f} → {minutes[one.change]:.1f} | {one.verdict} |"
        )
    return "\n".join(lines) + "\n"
