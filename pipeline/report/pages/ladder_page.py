"""The page of a ladder: what each rung reached, where it fails, how it learnt."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from pipeline.photo_files import open_photo
from pipeline.report.answers import Answers
from pipeline.report.pages.html_parts import Section, folded, page, paragraph, table, text
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
_WIDEST = 1400  # pixels of a picture in the page
_OPEN = ("grid", "worst")  # pictures that are shown at once; the others unfold
_CAPTIONS = {
    "ladder": "The same photos, from rung to rung",
    "grid": "Photos, with what is true and what was found",
    "worst": "The photos with the worst answers",
    "score_curves": "Precision, recall and F1 of labels, over the score",
    "pr_curves": "Precision and recall of each class",
    "curves": "Loss by epoch",
    "confusion": "What was taken for what",
    "augmented": "Photos of train as they reach the network, augmented",
    "errors": "Kinds of errors, and what each costs",
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
    """Return a figure with a picture inside, no larger than a screen shows."""
    if not path.is_file():
        return ""
    with open_photo(path) as image:
        shown = image.convert("RGB")
    shown.thumbnail((_WIDEST, 4 * _WIDEST))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=80)
    address = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    caption = text(_caption(path))
    return (
        f'<figure><img src="{address}" alt="{caption}" width="{shown.width}" '
        f'height="{shown.height}"/><figcaption>{caption}</figcaption></figure>'
    )


def _caption(path: Path) -> str:
    return next((words for end, words in _CAPTIONS.items() if path.stem.endswith(end)), path.stem)
