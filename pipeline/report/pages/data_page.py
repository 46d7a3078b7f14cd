"""The page of a data set: what it contains, and what the checks found in it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from pipeline.data.pixel_store import Pixels
from pipeline.errors import counted
from pipeline.findings import (
    ASPECTS,
    LONG_BOX,
    PIXEL_SIDE,
    RARE,
    SIDE_BINS,
    TINY_SIDE,
    BoxExample,
    BoxFinding,
    ClassCount,
    CopiedPhoto,
    CopyPair,
    Findings,
)
from pipeline.report.marks import Marks
from pipeline.report.pages.html_parts import (
    Section,
    bars,
    folded,
    heat_map,
    name,
    page,
    paragraph,
    table,
    text,
)
from pipeline.report.pages.html_photos import Gallery
from pipeline.schemas import SPLITS, read_classes

_BARS = 30  # classes with a bar; the others are only in a table
_PAIRS = 20
_SAMPLES = 24  # at most, so that the page stays small
_SAMPLE_SIDE = 360  # pixels

_Bar = tuple[str, tuple[int]]  # of a histogram: name and count


def data_page(
    findings: Findings, images: pa.Table, objects: pa.Table, pixels: Pixels, samples: int
) -> str:
    """Return a self-contained HTML page: no network, no script.

    Args:
        findings: of the checks.
        images: the table of P photos.
        objects: the table of their objects.
        pixels: `(P, S, S, 3)` uint8, the photos squashed to squares.
        samples: how many photos to show with their boxes, spread evenly over the set.
    """
    gallery = Gallery(images, objects, pixels)
    sections = [
        Section("look", "Worth checking", _lines(findings)),
        Section("splits", "Splits", _splits(findings)),
        Section("classes", "Classes", _classes(findings.classes)),
        Section("boxes", "Boxes", _boxes(findings)),
        Section("photos", "Photos", _photos(findings)),
        Section("copies", "Copies", _copies(findings, gallery)),
        *_box_findings(findings, gallery),
        Section("samples", "Sample photos", _samples(gallery, samples)),
    ]
    return page("The data set", f"<p>{text(data_line(images, objects))}</p>", sections)


def data_line(images: pa.Table, objects: pa.Table) -> str:
    """Return how many photos, boxes and classes there are, in words."""
    photos, boxes = counted(len(images), "photo"), counted(len(objects), "box", "boxes")
    return f"{photos}, {boxes}, {counted(len(read_classes(images)), 'class', 'classes')}"


def _lines(findings: Findings) -> str:
    if not findings.lines:
        return "<p>Nothing: the checks found no problems.</p>"
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in findings.lines) + "</ul>"


def _splits(findings: Findings) -> str:
    head = ("", "photos", "without objects", "objects", "marked ignore")
    return table(
        head,
        [
            (one.split, one.photos, one.photos_without_objects, one.objects, one.ignored)
            for one in findings.splits
        ],
    )


def _classes(classes: Sequence[ClassCount]) -> str:
    by_count = sorted(classes, key=lambda one: -(one.train + one.val + one.test))
    top, rest = by_count[:_BARS], by_count[_BARS:]
    html = paragraph(
        f"Objects that count, without those marked ignore. Fewer than {RARE} of a class in train "
        "are hardly enough to learn it."
    )
    html += bars([(one.name, (one.train, one.val, one.test)) for one in top], SPLITS)
    head = ("", *SPLITS, "marked ignore")
    rows = [(one.name, one.train, one.val, one.test, one.ignored) for one in by_count]
    title = f"All {len(classes)} classes in a table"
    title += f", {len(rest)} more than above" if rest else ""
    return html + folded(title, table(head, rows))


def _boxes(findings: Findings) -> str:
    boxes = findings.boxes
    step = 100 // SIDE_BINS
    sides = [(f"{n * step} to {(n + 1) * step} %", (c,)) for n, c in enumerate(boxes.sides)]
    aspects = list(zip(_aspect_names(), [(count,) for count in boxes.aspects], strict=True))
    most = max(max(row) for row in boxes.centres)
    return (
        '<div class="side-by-side">'
        f"<div><h3>Size</h3>{paragraph('Square root of the share of the photo that a box covers.')}"
        f"{bars(_without_empty_ends(sides))}</div>"
        f"<div><h3>Proportions</h3>{paragraph('The long side divided by the short one.')}"
        f"{bars(_without_empty_ends(aspects))}</div>"
        "<div><h3>Position</h3>"
        + paragraph(f"Centres of boxes in the photo; the darkest cell has {most}.")
        + f"{heat_map(boxes.centres)}</div></div>"
    )


def _without_empty_ends(rows: Sequence[_Bar]) -> Sequence[_Bar]:
    """Return the rows of a histogram from the first to the last with a count; all if none has."""
    filled = [at for at, (_, (count,)) in enumerate(rows) if count]
    return rows[filled[0] : filled[-1] + 1] if filled else rows


def _aspect_names() -> list[str]:
    edges = [f"{edge:g}" for edge in ASPECTS[len(ASPECTS) // 2 :]]
    between = [f"{low} to {high}" for low, high in pairwise(edges)]
    steps = [*between, f"over {edges[-1]}"]
    tall, wide = ([f"{step}, {shape}" for step in steps] for shape in ("tall", "wide"))
    return [*reversed(tall), f"up to {edges[0]}", *wide]


def _photos(findings: Findings) -> str:
    photos = findings.photos
    sizes = (("smallest", photos.smallest), ("median", photos.median), ("largest", photos.largest))
    html = table(("by area", "width", "height"), [(what, *size) for what, size in sizes])
    html += f"<h3>The most frequent of {photos.sizes} sizes</h3>"
    rows = [(f"{one.width} x {one.height}", one.photos) for one in photos.common]
    html += table(("", "photos"), rows)
    kinds = (("Long photos", photos.long), ("Photos that cannot be decoded", photos.undecoded))
    for title, finding in kinds:
        if finding.count:
            listed = "".join(f"<li>{name(photo)}</li>" for photo in finding.examples)
            html += f"<h3>{title}: {finding.count}</h3><ul>{listed}</ul>"
    return html


def _copies(findings: Findings, gallery: Gallery) -> str:
    copies = findings.copies
    if not copies.pairs:
        return "<p>None: no photo occurs twice.</p>"
    words = (
        f"Pairs: {copies.pairs}; equal files with different boxes: {copies.contradicting}; "
        f"photos of train with a copy in val or test: {copies.leaked}"
    )
    words += ", left out." if copies.left_out else "."
    pairs = "".join(_pair(pair, gallery) for pair in copies.examples[:_PAIRS])
    return f'<p>{text(words)}</p><div class="pairs">{pairs}</div>'


def _pair(pair: CopyPair, gallery: Gallery) -> str:
    # Boxes in a copy of another size differ anyway, so they are compared only for equal files.
    boxes = "the same boxes" if pair.same_boxes else "different boxes"
    words = f"equal files, {boxes}" if pair.equal else "they look the same"
    return (
        f'<div class="pair">{_copy(pair.first, gallery)}{_copy(pair.second, gallery)}'
        f"<p>{words}</p></div>"
    )


def _copy(photo: CopiedPhoto, gallery: Gallery) -> str:
    caption = f"{name(photo.photo)}, {text(photo.split)}"
    return gallery.figure(photo.image_id, caption, side=200)


def _box_findings(findings: Findings, gallery: Gallery) -> list[Section]:
    boxes, side = findings.boxes, findings.input_side
    kinds = [
        (
            "repeated",
            "Repeated boxes",
            boxes.repeated,
            "Another box of the same class in the photo has the same edges, to a pixel.",
        ),
        (
            "tiny",
            "Tiny boxes",
            boxes.tiny,
            f"A side is under {TINY_SIDE:g} pixels when the photo is squashed to {side} x {side}.",
        ),
        (
            "pixels",
            "One-pixel boxes",
            boxes.pixel_sized,
            f"A side is under {PIXEL_SIDE:g} pixels of the photo.",
        ),
        (
            "long",
            "Long boxes",
            boxes.long,
            f"The long side is over {LONG_BOX:g} times the short one.",
        ),
    ]
    return [
        Section(key, title, _box_finding(finding, meaning, gallery))
        for key, title, finding, meaning in kinds
    ]


def _box_finding(finding: BoxFinding, meaning: str, gallery: Gallery) -> str:
    if not finding.count:
        return f"{paragraph(meaning)}<p>None.</p>"
    words = f"{finding.count} found"
    if finding.count > len(finding.examples):
        words += f"; the first {len(finding.examples)} are shown"
    figures = "".join(_boxed(one, gallery) for one in finding.examples)
    return f'{paragraph(meaning)}<p>{words}:</p><div class="photos">{figures}</div>'


def _boxed(one: BoxExample, gallery: Gallery) -> str:
    marks = Marks(np.array([one.box]), np.array([gallery.names.index(one.name)]))
    width, height = one.box[2] - one.box[0], one.box[3] - one.box[1]
    caption = f"{name(one.photo)}, {width:.4g} x {height:.4g} pixels"
    return gallery.figure(one.image_id, caption, marks=marks)


def _samples(gallery: Gallery, samples: int) -> str:
    photos = len(gallery.images)
    rows = np.unique(np.linspace(0, photos - 1, min(samples, _SAMPLES, photos)).round().astype(int))
    chosen = gallery.images.take(pa.array(rows))
    columns = (chosen[key].to_pylist() for key in ("image_id", "file_name", "split"))
    figures = "".join(
        gallery.figure(image_id, f"{name(photo)}, {text(split)}", side=_SAMPLE_SIDE)
        for image_id, photo, split in zip(*columns, strict=True)
    )
    words = "Boxes in the colours of their classes; dotted grey: marked ignore."
    return paragraph(words) + f'<div class="photos">{figures}</div>'
