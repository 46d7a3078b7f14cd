"""Recognises the columns of a CSV by the names that people give them."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from pipeline.photo_files import PHOTO_SUFFIXES

# Names in lower case without spaces, - and _; of several in a file the first counts.
_PHOTO = (
    *("filename", "filepath", "file", "imagepath", "imagename", "imgpath", "image", "img"),
    *("photo", "path", "imageid"),
)
_CLASS = (
    *("classname", "labelname", "categoryname", "class", "label", "category", "name"),
    *("classid", "labelid", "categoryid"),
)
_WIDTH = ("imagewidth", "imgwidth", "originalwidth", "width")
_HEIGHT = ("imageheight", "imgheight", "originalheight", "height")
_SPLIT = ("split", "subset", "set", "partition")
_SCORE = ("score", "confidence", "conf", "probability")
_IGNORE = ("ignore", "difficult", "iscrowd", "crowd", "isgroupof")
_LONG = ("width", "height")
_BOX = ("", "bbox", "box", "roi.")  # before the names of its sides
_FROM_TO = (
    (("xmin", "ymin"), ("xmax", "ymax")),
    (("x1", "y1"), ("x2", "y2")),
    (("left", "top"), ("right", "bottom")),
)
_CORNERS = tuple(
    tuple(of + name for name in (*start, *end)) for of in _BOX for start, end in _FROM_TO
)
_STARTS = tuple(
    (of + x, of + y) for of in _BOX for x, y in (("x", "y"), *(start for start, _ in _FROM_TO))
)
# Without a prefix for the box, width and height may be those of the photo.
_SIDES = (("w", "h"), *((of + w, of + h) for of in _BOX[1:] for w, h in (("w", "h"), _LONG)))
_SIZED = (*((*start, *sides) for start in _STARTS for sides in _SIDES), ("bbox",))
# Without another form of box these are its own sides, not those of the photo.
_SIZED_LIKE_PHOTO = tuple((*start, *_LONG) for start in _STARTS)
_RETINANET = ("path", "x1", "y1", "x2", "y2", "class")

UNDERSTOOD = (
    "file_name or image; class, label or name; and xmin,ymin,xmax,ymax or x1,y1,x2,y2 or x,y,w,h "
    "or bbox; besides width,height of the photo, split, score, ignore"
)


@dataclass(frozen=True)
class Columns:
    """The index of each field in a row; None if the file lacks it.

    Attributes:
        count: of all columns.
        header: whether the first line is one.
        names: candidates for the class, the likeliest first; `label` may hold names or numbers, so
            the rows decide.
        called: the names of these columns in the first line.
        box: four columns, or one with `[x, y, w, h]`.
        corners: whether the last two of `box` are the lower right corner, not sides.
        maybe_centre: whether x and y could be the centre, judging by their names.
    """

    count: int
    header: bool
    photo: int
    names: tuple[int, ...]
    called: tuple[str, ...]
    box: tuple[int, ...]
    corners: bool
    maybe_centre: bool
    width: int | None = None
    height: int | None = None
    split: int | None = None
    score: int | None = None
    ignore: tuple[int, ...] = ()


def recognise(first: Sequence[str]) -> tuple[Columns | None, str]:
    """Return the columns that a first line names, and what is wrong with it if they are None.

    A line such as `cats/a.jpg,1,2,3,4,cat` is already a row, in RetinaNet's format without header.
    """
    if _is_row(first):
        return Columns(6, False, 0, (5,), ("class",), (1, 2, 3, 4), True, False), ""
    at: dict[str, int] = {}
    for index, cell in enumerate(first):
        at.setdefault(_plain(cell), index)
    forms = [form for form in (*_CORNERS, *_SIZED) if at.keys() >= set(form)]
    forms = forms or [form for form in _SIZED_LIKE_PHOTO if at.keys() >= set(form)]
    # Sides next to two corners describe the same box again.
    starts = {form[:2] for form in forms if form in _CORNERS}
    forms = [form for form in forms if form in _CORNERS or form[:2] not in starts]
    photo, names = _first(at, _PHOTO), tuple(at[name] for name in _CLASS if name in at)
    if photo is None or not names or not forms:
        absent = "photo" if photo is None else "class" if not names else "box"
        hint = " (if all boxes are of one class, add a column with its name)"
        among = f"among {', '.join(first)}{hint if absent == 'class' and forms else ''}"
        return None, f"no column for the {absent} {among}"
    if len(forms) > 1:
        return None, f"two boxes, {','.join(forms[0])} and {','.join(forms[1])}"
    taken = {at[side] for side in forms[0]}
    width, height = (_first(at, names, taken) for names in (_WIDTH, _HEIGHT))
    columns = Columns(
        count=len(first),
        header=True,
        photo=photo,
        names=names,
        called=tuple(first[at] for at in names),
        box=tuple(at[side] for side in forms[0]),
        corners=forms[0] in _CORNERS,
        maybe_centre=forms[0][:2] in {(of + "x", of + "y") for of in _BOX},
        width=width,
        height=height,
        split=_first(at, _SPLIT),
        score=_first(at, _SCORE),
        ignore=tuple(at[mark] for mark in _IGNORE if mark in at),
    )
    return columns, ""


def tells_of_objects(first: Sequence[str]) -> bool:
    """Return whether a first line has columns of photos and of classes or boxes, or is a row.

    A line with four numbers is a row of a file without a header.
    """
    if sum(cell.replace(".", "", 1).isdigit() for cell in first) >= 4:
        return True
    cells = {_plain(cell) for cell in first}
    has_box = any(cells >= set(form) for form in (*_CORNERS, *_SIZED, *_SIZED_LIKE_PHOTO))
    return bool(cells & set(_PHOTO)) and (has_box or bool(cells & set(_CLASS)))


def _plain(cell: str) -> str:
    return re.sub(r"[\s_-]", "", cell.lower())


def _first(at: dict[str, int], names: Sequence[str], taken: Set[int] = frozenset()) -> int | None:
    return next((at[name] for name in names if name in at and at[name] not in taken), None)


def _is_row(cells: Sequence[str]) -> bool:
    if len(cells) != len(_RETINANET) or not ends_like_photo(cells[0]):
        return False
    return all(re.fullmatch(r"\s*(-?\d+([.,]\d+)?)?\s*", cell) for cell in cells[1:5])


def ends_like_photo(cell: str) -> bool:
    """Return whether a cell has a suffix of photos."""
    return cell.strip().lower().endswith(tuple(PHOTO_SUFFIXES))
