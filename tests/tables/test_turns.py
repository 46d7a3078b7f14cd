"""Whether labels are on photos as stored or as rotated by EXIF, decided for a set."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.tables.turns import with_turns

STORED, SEEN = (60, 40), (40, 60)


BOX = LabelledBox(0, "cat", [1, 2, 3, 4])


def set_of(
    folder: Path, *photos: tuple[int, tuple[int, int] | None], boxes: Sequence[LabelledBox] = (BOX,)
) -> Labels:
    """Return labels of photos stored as 60 x 40: EXIF's orientation and the size in the labels."""
    images = []
    for row, (orientation, size) in enumerate(photos):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new("RGB", STORED).save(folder / f"{row}.png", exif=exif)
        width, height = size or (None, None)
        images.append({"file_name": f"{row}.png", "width": width, "height": height})
    labels = labels_of_boxes(folder, folder, images, boxes)
    names = labels.images["file_name"]
    labels_images = labels.images.append_column("photo", names)
    return Labels(**{**vars(labels), "images": labels_images})


def decided(labels: Labels) -> list[tuple[bool, int, int]]:
    """Return for each photo whether it is turned, and its size."""
    columns = (labels.images[name].to_pylist() for name in ("turned", "width", "height"))
    return list(zip(*columns, strict=True))


def test_no_photos() -> None:
    nothing = labels_of_boxes(Path("x"), Path("x"), [], [])
    images = nothing.images.append_column("photo", pa.array([], pa.string()))
    labels = with_turns(Labels(**{**vars(nothing), "images": images}), Path("x"))
    assert (decided(labels), labels.notes) == ([], ())


def test_photos_without_a_note(tmp_path: Path) -> None:
    labels = with_turns(set_of(tmp_path, (1, STORED), (1, None), (1, (7, 5))), tmp_path, "stored")
    assert decided(labels) == [(True, *STORED), (True, *STORED), (True, 7, 5)]
    assert labels.notes == ()


@pytest.mark.parametrize("side", [5, 6, 7, 8])
@pytest.mark.parametrize("other", [2, 3, 4])
def test_the_photos_whose_size_tells_decide_for_the_others(
    tmp_path: Path, side: int, other: int
) -> None:
    labels = with_turns(set_of(tmp_path, (side, STORED), (other, STORED), (6, None)), tmp_path)
    assert decided(labels) == [(False, *STORED)] * 3
    assert labels.notes == (
        "photos with an EXIF note how to turn them: 3, of which 0 are read turned and 3 as stored "
        "(of their labels 0 say turned, 1 stored; fetch.turn can say it of all)",
    )
    labels = with_turns(set_of(tmp_path, (side, SEEN), (other, STORED), (6, None)), tmp_path)
    assert decided(labels) == [(True, *SEEN), (True, *STORED), (True, *SEEN)]


def test_where_no_size_tells_photos_are_turned(tmp_path: Path) -> None:
    assert decided(with_turns(set_of(tmp_path, (3, STORED), (6, None)), tmp_path)) == [
        (True, *STORED),
        (True, *SEEN),
    ]


def test_a_box_that_fits_one_way_only_tells_more_than_the_size(tmp_path: Path) -> None:
    """Label Studio's converter writes the stored size next to boxes on the rotated photo."""
    photos = ((6, STORED), (6, SEEN), (6, None), (6, STORED), (6, STORED))
    below, right = [1, 30, 9, 25], [30, 1, 25, 9]  # end at y = 55 and at x = 55
    boxes = [
        *(LabelledBox(0, "cat", below), LabelledBox(1, "cat", right), LabelledBox(2, "cat", right)),
        *(LabelledBox(3, "cat", below), LabelledBox(3, "cat", right)),  # fit neither way
        LabelledBox(4, "cat", [1, 2, 3, 39]),  # ends at 41, a pixel outside
    ]
    labels = set_of(tmp_path, *photos, boxes=boxes)
    assert decided(with_turns(labels, tmp_path)) == [
        (True, *SEEN),
        *[(False, *STORED)] * 4,
    ]


@pytest.mark.parametrize(("agreeing", "turned"), [(0, True), (1, False), (2, False)])
def test_sizes_that_more_boxes_contradict_tell_nothing(
    tmp_path: Path, agreeing: int, turned: bool
) -> None:
    """Few photos have a box that decides, and a single mistake is not the habit of a tool."""
    below, right = [1, 30, 9, 25], [30, 1, 25, 9]
    boxes = [LabelledBox(0, "cat", below)]
    boxes += [LabelledBox(row + 1, "cat", right) for row in range(agreeing)]
    labels = with_turns(set_of(tmp_path, *[(6, STORED)] * 6, boxes=boxes), tmp_path)
    rest = (True, *SEEN) if turned else (False, *STORED)
    assert decided(labels) == [(True, *SEEN), *[rest] * 5]


def test_where_sizes_differ_each_is_its_own_and_most_decide_for_the_rest(tmp_path: Path) -> None:
    labels = set_of(tmp_path, (6, STORED), (8, STORED), (6, SEEN), (3, STORED), (1, STORED))
    turned = with_turns(labels, tmp_path).images["turned"].to_pylist()
    assert turned == [False, False, True, False, True]


def test_the_parameter_says_it_of_all_and_sizes_follow(tmp_path: Path) -> None:
    labels = set_of(tmp_path, (6, STORED), (6, SEEN), (3, STORED), (6, (7, 5)))
    exif = with_turns(labels, tmp_path, "exif")
    assert decided(exif) == [(True, *SEEN), (True, *SEEN), (True, *STORED), (True, 7, 5)]
    assert exif.notes[0].endswith("4 are read turned and 0 as stored (fetch.turn is exif)")
    stored = with_turns(labels, tmp_path, "stored")
    assert decided(stored) == [(False, *STORED)] * 3 + [(False, 7, 5)]


def test_a_damaged_photo_is_named_only_where_its_size_is_needed(tmp_path: Path) -> None:
    labels = set_of(tmp_path, (1, STORED), (1, None))
    (tmp_path / "0.png").write_bytes(b"")
    assert decided(with_turns(labels, tmp_path))[0] == (True, *STORED)
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"1.png: size cannot be read"):
        with_turns(labels, tmp_path)
