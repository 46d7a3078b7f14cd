"""The page of what a model reached on labelled photos: needs no network and no script."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from pipeline.other_data.result import ModelEvaluation, label_scores_in_words, metric_rows
from pipeline.photo_files import open_photo
from pipeline.report.answers import Answers
from pipeline.report.pages.html_parts import Section, folded, name, page, paragraph, table, text
from pipeline.report.pages.result_rows import class_rows, error_rows

_WIDEST = 1400  # pixels of a picture in the page
# By the ends of their names, in the order of the page.
_CAPTIONS = {
    "pr_curves": "Precision and recall of each class",
    "score_curves": "Precision, recall and F1 over the score",
    "errors": "Kinds of errors, and what each costs",
    "confusion": "What was taken for what",
    "worst": "The photos with the worst answers",
    "grid": "Photos, with what is true and what was found",
}


def evaluation_page(evaluation: ModelEvaluation, answers: Answers, pictures: Path) -> str:
    """Return a page of HTML with the figures, classes, pictures and notes.

    Args:
        evaluation: the figures, and what they were measured on.
        answers: of the model, with the files of its results.
        pictures: a folder of PNGs, as `draw_answers` leaves it.
    """
    sections = [
        Section("figures", "What it reached", _figures(evaluation, answers)),
        Section("pictures", "Where it is right and wrong", _pictures(pictures)),
        Section("labels", "How the labels were read", _notes(evaluation.notes)),
    ]
    return page(f"{evaluation.rung} on other photos", _lead(evaluation), sections)


def _lead(evaluation: ModelEvaluation) -> str:
    split = f", of them {evaluation.split}" if evaluation.split else ""
    counts = f"{evaluation.photos} photos, {evaluation.objects} objects that count"
    return (
        f"<p>The model {name(evaluation.model)} on the photos of {name(evaluation.data)}"
        f"{text(split)}: {text(counts)}.</p>"
    )


def _figures(evaluation: ModelEvaluation, answers: Answers) -> str:
    html = paragraph("With 95 % intervals over the photos; of L1 px less is better.")
    html += table(["metric", "value", "95 % interval"], metric_rows(evaluation))
    if classes := class_rows(answers):
        without = len(evaluation.classes) - len(classes)
        html += "<h3>Classes</h3>" + table(["class", "average precision", "objects"], classes)
        html += paragraph(f"{without} classes have no objects here.") if without else ""
    if errors := error_rows(answers):
        html += folded("Errors in numbers", table(["kind", "labels", "costs mAP"], errors))
    if words := label_scores_in_words(evaluation):
        html += paragraph(words)
    return html


def _pictures(folder: Path) -> str:
    drawn = [
        (picture, words)
        for end, words in _CAPTIONS.items()
        for picture in sorted(folder.glob(f"*{end}.png"))
    ]
    return "".join(_picture(path, words) for path, words in drawn)


def _picture(path: Path, caption: str) -> str:
    """Return a figure with the picture inside, no larger than a screen shows."""
    with open_photo(path) as image:
        shown = image.convert("RGB")
    shown.thumbnail((_WIDEST, 4 * _WIDEST))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=80)
    address = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return (
        f'<figure><img src="{address}" alt="{text(caption)}" width="{shown.width}" '
        f'height="{shown.height}"/><figcaption>{text(caption)}</figcaption></figure>'
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return "<p>As they stand.</p>"
    return "<ul>" + "".join(f"<li>{text(note)}</li>" for note in notes) + "</ul>"
