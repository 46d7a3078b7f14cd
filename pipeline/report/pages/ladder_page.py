"""The page of a ladder: what each rung achieved, where it fails, how it trained."""

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
    "To reproduce this, check out its commit; dvc pull fetches the results, make repro makes the "
    "rest."
)
_OPEN = ("grid", "worst")  # pictures that are visible at once; the others are folded
_CAPTIONS = CAPTIONS | {
    "ladder": "The same photos for each rung",
    "curves": "Training and validation curves",
    "augmented": "Photos of train, augmented",
    "anchors": "How well the anchors fit the objects",
}


def ladder_page(ladder: Sequence[Answers], figures: Path, lines: Sequence[str], data: str) -> str:
    """Return a self-contained HTML page: no network, no script.

    Args:
        ladder: all rungs, in their order.
        figures: a folder with `ladder.png`, and a folder of pictures for each rung.
        lines: what the checks found in the data set.
        data: a line with the size of the data set.
    """
    split = evaluated_split(ladder)
    sections = [
        Section("ladder", "The ladder", _results(ladder, split) + _picture(figures / "ladder.png")),
        *(Section(one.rung, one.rung, _rung(one, figures / one.rung)) for one in ladder),
        Section("data", "The data set", _data(lines, data)),
        Section("again", "How to reproduce this", paragraph(REPRODUCE)),
    ]
    return page("A ladder of detectors", f"<p>{text(data)}</p>", sections)


def _results(ladder: Sequence[Answers], split: str) -> str:
    about = paragraph(
        f"On {split}, with 95 % intervals over its photos; for L1 px, lower is better."
    )
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
    listed = f"<ul>{found}</ul>" if lines else "<p>The checks found no problems.</p>"
    return f'<p>{text(data)}: <a href="data.html">details</a>.</p>{listed}'


def _picture(path: Path) -> str:
    return embedded_picture(path, _caption(path)) if path.is_file() else ""


def _caption(path: Path) -> str:
    return next((words for end, words in _CAPTIONS.items() if path.stem.endswith(end)), path.stem)
