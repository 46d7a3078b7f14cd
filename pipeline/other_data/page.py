"""The page of a model's results on labelled photos, without network and scripts."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import counted
from pipeline.other_data.result import ModelEvaluation, label_scores_in_words, metric_rows
from pipeline.report.answers import Answers
from pipeline.report.pages.html_parts import (
    CAPTIONS,
    Section,
    embedded_picture,
    folded,
    name,
    page,
    paragraph,
    table,
    text,
)
from pipeline.report.pages.result_rows import class_rows, error_rows

# Pictures by the ends of their names, in the order of the page.
_PICTURES = ("pr_curves", "score_curves", "errors", "confusion", "worst", "grid")


def evaluation_page(evaluation: ModelEvaluation, answers: Answers, pictures: Path) -> str:
    """Return an HTML page with figures, classes, pictures and notes.

    Args:
        evaluation: the figures, and what they were measured on.
        answers: of the model, with the files of its results.
        pictures: a folder of PNGs, as `draw_answers` leaves it.
    """
    sections = [
        Section("figures", "Metrics", _figures(evaluation, answers)),
        Section("pictures", "Where it is right and wrong", _pictures(pictures)),
        Section("labels", "How the labels were read", _notes(evaluation.notes)),
    ]
    return page(f"{evaluation.rung} on other photos", _lead(evaluation), sections)


def _lead(evaluation: ModelEvaluation) -> str:
    split = f", split {evaluation.split}" if evaluation.split else ""
    objects = counted(evaluation.objects, "object that counts", "objects that count")
    counts = f"{counted(evaluation.photos, 'photo')}, {objects}"
    return (
        f"<p>The model {name(evaluation.model)} on the photos of {name(evaluation.data)}"
        f"{text(split)}: {text(counts)}.</p>"
    )


def _figures(evaluation: ModelEvaluation, answers: Answers) -> str:
    html = paragraph("With 95 % intervals over the photos; for L1 px, lower is better.")
    html += table(["metric", "value", "95 % interval"], metric_rows(evaluation))
    if classes := class_rows(answers):
        without = len(evaluation.classes) - len(classes)
        html += "<h3>Classes</h3>" + table(["class", "average precision", "objects"], classes)
        words = counted(without, "class has no objects here.", "classes have no objects here.")
        html += paragraph(words) if without else ""
    if errors := error_rows(answers):
        html += folded("Errors in numbers", table(["kind", "labels", "costs mAP"], errors))
    if words := label_scores_in_words(evaluation):
        html += paragraph(words)
    return html


def _pictures(folder: Path) -> str:
    return "".join(
        embedded_picture(picture, CAPTIONS[end])
        for end in _PICTURES
        for picture in sorted(folder.glob(f"*{end}.png"))
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return "<p>Unchanged.</p>"
    return "<ul>" + "".join(f"<li>{text(note)}</li>" for note in notes) + "</ul>"
