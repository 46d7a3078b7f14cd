"""Parts of HTML pages without network and scripts: text, tables, bars, pictures."""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pipeline.photo_files import open_photo

# What the pictures of a rung show, by the ends of their file names.
CAPTIONS = {
    "grid": "Photos with the true objects and the predictions",
    "worst": "The photos with the worst predictions",
    "score_curves": "Precision, recall and F1 of labels, by score",
    "pr_curves": "Precision and recall of each class",
    "confusion": "Which classes were confused",
    "errors": "Kinds of errors, and what each costs",
}
_WIDEST = 1400  # pixels of a picture in a page
# Of the parts of a bar, first to last.
PART_COLORS = ("#1f5fa8", "#e0902f", "#7a7a7a")
_STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; background: #fff; }
h1 { font-size: 1.6rem; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; border-top: 1px solid #ddd; padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { margin: .25rem 0 .75rem; max-width: 45rem; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
a { color: #1f5fa8; }
li { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .75rem .2rem 0; text-align: right; border-bottom: 1px solid #eee; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; min-width: 4rem; }
.bars { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr max-content;
  gap: .15rem .6rem; align-items: center; font-size: .9rem; max-width: 45rem;
  margin-top: .4rem; }
.bars .name { max-width: min(14rem, 35vw); overflow-wrap: anywhere; }
.bar { display: flex; height: .9rem; background: #f3f3f3; }
.bar i { display: block; height: 100%; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.side-by-side { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr));
  gap: 1rem 2.5rem; }
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .4rem; background: #f6f6f6;
  padding: .5rem; align-content: start; }
.pair p { grid-column: 1 / 3; margin: 0; font-size: .85rem; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; max-height: 22rem; background: #eee; }
figure img { display: block; max-width: 100%; height: auto; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; }
.chip { display: inline-block; padding: 0 .35rem; margin: .1rem .2rem 0 0; color: #000;
  border: 1px solid #0003; border-radius: .2rem; max-width: 100%; }
.quiet { color: #595959; }
.heat { width: 100%; max-width: 22rem; aspect-ratio: 1; border: 1px solid #999; }
summary { cursor: pointer; color: #1f5fa8; margin: .5rem 0; }
"""


@dataclass(frozen=True)
class Section:
    """A part of a page: its anchor, its heading, and its content as HTML."""

    name: str
    title: str
    html: str


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """Return a complete HTML page with links to its sections; `lead` is HTML."""
    links = "".join(f'<li><a href="#{one.name}">{text(one.title)}</a></li>' for one in sections)
    parts = "".join(
        f'<section id="{one.name}"><h2>{text(one.title)}</h2>{one.html}</section>\n'
        for one in sections
    )
    # With this policy a browser loads nothing: everything on the page is in the file.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{text(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{text(title)}</h1>{lead}<nav><ul>{links}</ul></nav>\n{parts}</body></html>\n"
    )


def text(words: str) -> str:
    """Return text escaped for HTML."""
    return escape(words)


def name(words: str) -> str:
    """Return a name in any script as HTML, isolated so that right-to-left text stays in place."""
    return f"<bdi>{escape(words)}</bdi>"


def paragraph(words: str) -> str:
    """Return text as a grey paragraph."""
    return f'<p class="quiet">{text(words)}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table; the first column holds names, the others numbers."""
    top = "".join(f"<th>{text(word)}</th>" for word in head)
    body = "".join(
        f"<tr><td>{name(str(first))}</td>"
        + "".join(f"<td>{text(str(cell))}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def bars(rows: Sequence[tuple[str, Sequence[int]]], parts: Sequence[str] = ()) -> str:
    """Return horizontal bars, each followed by its sum.

    Args:
        rows: the name of each bar and the lengths of its parts, at most three.
        parts: the names of the parts, for a legend.
    """
    longest = max([sum(lengths) for _, lengths in rows] + [1])
    legend = "".join(
        f'<span class="chip" style="background:{color};color:#fff">{text(part)}</span>'
        for part, color in zip(parts, PART_COLORS, strict=False)
    )
    cells = "".join(
        f'<span class="name">{name(words)}</span><span class="bar">{_parts(lengths, longest)}'
        f'</span><span class="number">{sum(lengths)}</span>'
        for words, lengths in rows
    )
    return f'{legend}<div class="bars">{cells}</div>'


def _parts(lengths: Sequence[int], longest: int) -> str:
    return "".join(
        f'<i style="width:{100 * length / longest:.2f}%;background:{color}"></i>'
        for length, color in zip(lengths, PART_COLORS, strict=False)
        if length
    )


def heat_map(counts: Sequence[Sequence[int]]) -> str:
    """Return a square of cells, darker for larger counts, which show when pointed at."""
    most = max(max(row) for row in counts)
    side = len(counts)
    cells = "".join(
        f'<rect x="{x}" y="{y}" width="1" height="1" fill="#1f5fa8" '
        f'fill-opacity="{count / most:.3f}"><title>{count}</title></rect>'
        for y, row in enumerate(counts)
        for x, count in enumerate(row)
        if count
    )
    return (
        f'<svg class="heat" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">{cells}</svg>'
    )


def folded(summary: str, html: str) -> str:
    """Return HTML that unfolds at a click on its summary, without a script."""
    return f"<details><summary>{text(summary)}</summary>{html}</details>"


def embedded_picture(path: Path, caption: str) -> str:
    """Return a figure with the picture embedded, no larger than a screen."""
    with open_photo(path) as image:
        shown = image.convert("RGB")
    shown.thumbnail((_WIDEST, 4 * _WIDEST))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=80, method=2)  # twice as fast as 4, 4 % larger
    address = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return (
        f'<figure><img src="{address}" alt="{text(caption)}" width="{shown.width}" '
        f'height="{shown.height}"/><figcaption>{text(caption)}</figcaption></figure>'
    )
