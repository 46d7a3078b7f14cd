"""The page of a ladder: what each rung reached, where it fails, how it learnt."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.report.answers import Answers
from pipeline.report.pages.html_parts import (
    CAPTIONS,
    Section,
    embedded_picture,
    folded,
    page,
    paragraph,
    table,
    text,
)
from pipeline.report.pages.result_rows import (
    class_rows,
    error_rows,
    evaluated_split,
    result_head,
    result_rows,
)
from pipeline.report.rung_pictures import in_words

REPRODUCE = (
    "To make this again, check out its commit: dvc pull brings what was made, make repro makes the "
    "rest."
)
_OPEN = ("grid", "worst")  # pictures that are shown at once; the others unfold
_CAPTIONS = CAPTIONS | {
    "ladder": "The same photos, from rung to rung",
    "curves": "Loss by epoch",
    "augmented": "Photos of train as they reach the network, augmented",
    "anchors": "How the anchors fit the objects",
}


def ladder_page(ladder: Sequence[Answers], figures: Path, lines: Sequence[str], data: str) -> str:
    """Return a page of HTML that needs nothing beside it: no network, no script.

    Args:
        ladder: all rungs, in their order.
        figures: `ladder.png`, and for each rung a folder with its pictures.
        lines: what the checks have found in the data set.
        data: a line with the numbers of the data set.
    """
    split = evaluated_split(ladder)
    sections = [
        Section("ladder", "The ladder", _results(ladder, split) + _picture(figures / "ladder.png")),
        *(Section(one.rung, one.rung, _rung(one, figures / one.rung)) for one in ladder),
        Section("data", "The data set", _data(lines, data)),
        Section("again", "How to make this again", paragraph(REPRODUCE)),
    ]
    return page("A ladder of detectors", f"<p>{text(data)}</p>", sections)


def _results(ladder: Sequence[Answers], split: str) -> str:
    about = paragraph(f"On {split}, with 95 % intervals over its photos; of L1 px less is better.")
    return about + table(result_head(ladder), result_rows(ladder))


def _rung(answers: Answers, figures: Path) -> str:
    metrics = [in_words(one) for one in answers.intervals()]
    html = f"<p>{text('; '.join(metrics))}</p>"
    pictures = sorted(figures.glob("*.png"))
    unfolded = [picture for picture in pictures if not picture.stem.endswith(_OPEN)]
    html += "".join(_picture(picture) for picture in pictures if picture not in unfolded)
    if classes := class_rows(answers):
        html += folded("Classes", table(["class", "average precision", "objects"], classes))
    if errors := error_rows(answers):
        html += folded("Errors in numbers", table(["kind", "labels", "costs mAP"], errors))
    return html + "".join(folded(_caption(one), _picture(one)) for one in unfolded)


def _data(lines: Sequence[str], data: str) -> str:
    found = "".join(f"<li>{text(line)}</li>" for line in lines)
    listed = f"<ul>{found}</ul>" if lines else "<p>The checks have found nothing.</p>"
    return f'<p>{text(data)}: <a href="data.html">all about it</a>.</p>{listed}'


def _picture(path: Path) -> str:
    return embedded_picture(path, _caption(path)) if path.is_file() else ""


def _caption(path: Path) -> str:
    return next((words for end, words in _CAPTIONS.items() if path.stem.endswith(end)), path.stem)
