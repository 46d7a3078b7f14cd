"""A comparison as a single HTML page that needs no network and no script."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.compare.by_photo import PhotoChange
from pipeline.compare.comparison import Comparison, RungComparison
from pipeline.compare.photos import read_photos
from pipeline.compare.words import (
    ABOUT_CLASSES,
    CLASS_HEAD,
    METRIC_HEAD,
    OTHER_CHANCE,
    PHOTO_HEAD,
    SETTING_HEAD,
    class_rows,
    inputs_line,
    metric_rows,
    notes,
    of_whom,
    photo_row,
    photos_line,
    setting_rows,
    verdict,
)
from pipeline.report.marks import Marks, marks_of
from pipeline.report.pages.html_parts import (
    Section,
    folded,
    name,
    page,
    paragraph,
    table,
    text,
)
from pipeline.report.pages.html_photos import Gallery

PAGE_TITLE = "<title>Two results compared</title>"
_PHOTOS = 12  # drawn for each rung
_LISTED = 200  # listed for each rung
_ROW = 'style="grid-template-columns:1fr 1fr 1fr"'
_WHOLE_ROW = 'style="grid-column:1/-1"'


def comparison_page(comparison: Comparison, source: Path) -> str:
    """Return the page.

    Args:
        comparison: of two results.
        source: the folder with the photos; those missing from it are not shown.
    """
    sides = (("A", comparison.a), ("B", comparison.b))
    lead = "".join(
        f"<p>{side}: {name(result.name)}, {text(result.about)}</p>" for side, result in sides
    )
    sections = [
        Section("verdict", "Is the difference more than chance?", _verdict(comparison)),
        Section("made", "Parameters and inputs", _made(comparison)),
        *(
            Section(f"rung-{place}", rung.name, _rung(rung, source))
            for place, rung in enumerate(comparison.rungs)
            if _differs(rung)
        ),
    ]
    return page("Two results compared", lead, sections)


def _verdict(comparison: Comparison) -> str:
    verdicts = "".join(f"<li>{text(verdict(rung))}</li>" for rung in comparison.rungs)
    about = "".join(paragraph(line) for line in [*notes(comparison), OTHER_CHANCE])
    words = f"Both on the same photos{of_whom(comparison)}; for L1 px, lower is better."
    rows = metric_rows(comparison.rungs)
    return f"<ul>{verdicts}</ul>{table(METRIC_HEAD, rows)}{paragraph(words)}{about}"


def _made(comparison: Comparison) -> str:
    rows = setting_rows(comparison)
    html = table(SETTING_HEAD, rows) if rows else "<p>No parameter differs.</p>"
    return html + (paragraph(inputs_line(comparison)) if comparison.inputs else "")


def _differs(rung: RungComparison) -> bool:
    """Return whether there is more to show than the verdict."""
    return bool(rung.photos) or any(one.change for one in rung.classes)


def _rung(rung: RungComparison, source: Path) -> str:
    html = f"<p>{text(verdict(rung))}</p>"
    if rung.classes:
        html += "<h3>Classes that rose and fell</h3>" + paragraph(ABOUT_CLASSES)
        html += table(CLASS_HEAD, class_rows(rung.classes))
    html += "<h3>Photos that one finds and the other misses</h3>"
    if not rung.photos:
        return f"{html}<p>None.</p>"
    html += f"<p>{text(photos_line(rung))}</p>" + _pictures(rung, source)
    listed = rung.photos[:_LISTED]
    rest = f", the first {_LISTED}" if len(rung.photos) > _LISTED else ""
    rows = [photo_row(one) for one in listed]
    return html + folded(f"{len(rung.photos)} photos in numbers{rest}", table(PHOTO_HEAD, rows))


def _pictures(rung: RungComparison, source: Path) -> str:
    shown = rung.photos[:_PHOTOS]
    gallery = read_photos(rung.common, [one.image_id for one in shown], source)
    there = set(gallery.images["image_id"].to_pylist())
    html = "".join(_photo(rung, one, gallery) for one in shown if one.image_id in there)
    absent = sum(one.image_id not in there for one in shown)
    if absent:
        html += paragraph(
            f"{absent} of the first {len(shown)} photos are not shown: {source} does not have "
            "them, or has different photos under their names."
        )
    return html


def _photo(rung: RungComparison, one: PhotoChange, gallery: Gallery) -> str:
    figures = [gallery.figure(one.image_id, "true")]
    for side, marks in zip("AB", _found(rung, one.image_id), strict=True):
        figures.append(gallery.figure(one.image_id, side, marks=marks))
    words = (
        f"A alone finds {one.only_a}, B alone {one.only_b} of {one.objects}; "
        f"wrong: {one.wrong_a} and {one.wrong_b}"
    )
    caption = f"<p {_WHOLE_ROW}>{name(one.file_name)}: {text(words)}</p>"
    return f'<div class="pair" {_ROW}>{"".join(figures)}{caption}</div>'


def _found(rung: RungComparison, image_id: int) -> Iterator[Marks]:
    """Yield what A and B label in a photo; without predicted classes, boxes have the class -1."""
    scores = rung.label_scores or (None, None)
    for found, least in zip(rung.common.found, scores, strict=True):
        marks = marks_of(found, image_id, least)
        if len(marks.boxes) and not len(marks.labels):
            marks = Marks(marks.boxes, np.full(len(marks.boxes), -1))
        yield marks
