"""What the checks of a data set have found: the schema of `checks.json`.

The tables stage writes it and the report stage draws it. The report depends on this module only, so
a change to the checks redraws nothing unless they find something else.
"""

from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError

# Thresholds from which something deserves a look.
FEWEST_PHOTOS = 2  # in train and in val; with fewer the train stage stops with an error
RARE = 10  # objects of a class in train; with fewer it is hardly learned
TINY_SIDE = 4.0  # pixels of the network's input; its finest cells are 8 or more
PIXEL_SIDE = 2.0  # pixels of the photo
LONG_BOX = 10.0  # long side by short side
LONG_PHOTO = 3.0

SHOWN = 12  # examples of each finding
# Bins of the histograms. Values beyond the range count in the outer bins.
SIDE_BINS = 20  # of the root of a box's share of its photo, 0..1
ASPECTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1 / 1.25, 1.25, 2, 4, 8, 16)  # width by height
GRID = 16  # cells a side, of the centres of boxes


@dataclass(frozen=True)
class SplitCount:
    """The contents of a split."""

    split: str
    photos: int
    photos_without_objects: int
    objects: int
    ignored: int


@dataclass(frozen=True)
class ClassCount:
    """How many objects of a class each split has; those marked ignore are counted separately."""

    name: str
    train: int
    val: int
    test: int
    ignored: int


@dataclass(frozen=True)
class BoxExample:
    """A box that a check found: its photo, class, and xyxy edges in pixels of the photo."""

    photo: str
    image_id: int
    name: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class BoxFinding:
    """How many boxes a check found, and the first of them."""

    count: int
    examples: list[BoxExample]


@dataclass(frozen=True)
class PhotoFinding:
    """How many photos a check found, and the names of the first of them."""

    count: int
    examples: list[str]


@dataclass(frozen=True)
class SizeCount:
    """How many photos have this width and height in pixels."""

    width: int
    height: int
    photos: int


@dataclass(frozen=True)
class BoxChecks:
    """Unusual boxes, and the distribution of all.

    Attributes:
        repeated: boxes equal, to the pixel, to an earlier one of the same photo and class.
        tiny: boxes with a side under `TINY_SIDE` pixels of the network's input.
        pixel_sized: boxes with a side under `PIXEL_SIDE` pixels of the photo.
        long: boxes with one side more than `LONG_BOX` times the other.
        sides: `SIDE_BINS` counts of the root of a box's share of its photo.
        aspects: counts between the edges of `ASPECTS`, below the first and above the last.
        centres: `GRID` rows of `GRID` counts, from the top left.
    """

    repeated: BoxFinding
    tiny: BoxFinding
    pixel_sized: BoxFinding
    long: BoxFinding
    sides: list[int]
    aspects: list[int]
    centres: list[list[int]]


@dataclass(frozen=True)
class PhotoChecks:
    """Sizes of photos.

    Attributes:
        smallest, median, largest: width and height in pixels, ordered by area.
        sizes: how many different ones there are.
        common: the most frequent of them.
        long: photos with one side more than `LONG_PHOTO` times the other.
        undecoded: files that are not photos, or damaged.
    """

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    sizes: int
    common: list[SizeCount]
    long: PhotoFinding
    undecoded: PhotoFinding


@dataclass(frozen=True)
class CopiedPhoto:
    """One of two photos that are copies: its name, id and split."""

    photo: str
    image_id: int
    split: str


@dataclass(frozen=True)
class CopyPair:
    """Two photos that are copies of each other.

    Attributes:
        first, second: the photos.
        equal: whether their files are equal byte for byte.
        same_boxes: whether their boxes are equal to the pixel; not so for a resized copy.
    """

    first: CopiedPhoto
    second: CopiedPhoto
    equal: bool
    same_boxes: bool


@dataclass(frozen=True)
class CopyChecks:
    """Photos that occur more than once.

    Attributes:
        pairs: how many pairs of copies there are.
        contradicting: pairs of equal files with different boxes.
        leaked: photos of train that have a copy in val or test.
        left_out: whether those are left out of the tables.
        examples: pairs of train and another split first, then the contradicting ones.
    """

    pairs: int
    contradicting: int
    leaked: int
    left_out: bool
    examples: list[CopyPair]


@dataclass(frozen=True)
class Findings:
    """All that the checks have found.

    Attributes:
        input_side: side of the network's input in pixels, which decides what counts as tiny.
        lines: one sentence for each kind of finding, with count, example and remedy.
    """

    input_side: int
    splits: list[SplitCount]
    classes: list[ClassCount]
    boxes: BoxChecks
    photos: PhotoChecks
    copies: CopyChecks
    lines: list[str]


def write_findings(path: Path, findings: Findings) -> None:
    """Write findings as JSON."""
    path.write_bytes(orjson.dumps(findings, option=orjson.OPT_INDENT_2) + b"\n")


def read_findings(path: Path) -> Findings:
    """Return the findings of a file that the tables stage wrote.

    Raises:
        InputError: the file is absent, or holds something else.
    """
    try:
        return TypeAdapter(Findings).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the tables stage first") from None
    except ValidationError:
        raise InputError(
            f"{path}: not findings of the checks; run the tables stage again"
        ) from None
