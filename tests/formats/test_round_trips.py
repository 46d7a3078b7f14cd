"""Labels written in each format and read again are the same, to 0.01 pixels.

What a format cannot hold is left out by its writer, which says so, and here from what is expected:

- YOLO has neither objects to ignore nor scores, and boxes only inside their photos;
- LabelMe has no splits;
- VOC takes a box at most a pixel wide for empty, and our reader of it no scores;
- Label Studio tells the size of a photo with each of its objects, so of none where there is none.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.layout import find_set
from pipeline.formats.pascal.reader import read_pascal
from pipeline.formats.registry import FORMATS, find_format
from pipeline.photo_files import photo_size
from pipeline.schemas import SPLITS
from pipeline.sources.copies import copy_set
from pipeline.tables.build import Tables, build_tables
from pipeline.tables.photos import with_photos
from pipeline.tables.splits import assign_splits
from pipeline.tables.units import known_shares_in_pixels
from tests.data.making import blank_photo

NAMES = [one.name for one in FORMATS]
# The file that a writer of one makes; the others make a folder.
ONE_FILE = {
    "pascal": "labels.json",
    "csv": "labels.csv",
    "cvat": "annotations.xml",
    "label-studio": "tasks.json",
}
PHOTOS = {"voc": "JPEGImages", "yolo": "images"}
CLASSES = ("cat", "dog", "traffic light", "Çok güzel")
SIDE = 4000
VOC_PHOTOS = 500


def write(labels: Labels, name: str, folder: Path) -> tuple[str, ...]:
    return find_format(name).write([labels], folder / ONE_FILE.get(name, "."))


def place_photos(labels: Labels, name: str, folder: Path) -> None:
    """Put photos where the docstring of the writer says."""
    for image in labels.images.to_pylist():
        split = f"{image['split']}/" if name == "yolo" and image["split"] else ""
        photo = folder / PHOTOS.get(name, "") / f"{split}{image['file_name']}"
        blank_photo(photo, image["width"], image["height"])


def read_again(labels: Labels, name: str) -> Labels:
    """Return the labels after writing and reading; that the set is found is tested as well."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(labels, name, folder)
        place_photos(labels, name, folder)
        found = find_set(folder)
        assert found.format.name == name
        return known_shares_in_pixels(with_sizes(found.format.read(found), folder))


def with_sizes(labels: Labels, folder: Path) -> Labels:
    """Return labels in shares with the sizes of their photos, others unchanged."""
    if labels.shares is None:
        return labels
    names = labels.images["file_name"].to_pylist()
    sizes = np.array([photo_size(folder / name) for name in names])
    images = labels.images.set_column(2, "width", [sizes[:, 0]])
    return replace(labels, images=images.set_column(3, "height", [sizes[:, 1]]))


Photos = dict[str, tuple[tuple, list[tuple]]]


def by_photo(labels: Labels) -> Photos:
    """Return size and split, and class, box, ignore and score of the objects of each photo."""
    photos: Photos = {}
    for image, objects in zip(labels.images.to_pylist(), labels.of_each_image(), strict=True):
        facts = (image["width"], image["height"], image["split"])
        photos[image["file_name"]] = (facts, [_object(labels, at) for at in objects])
    return photos


def _object(labels: Labels, at: int) -> tuple:
    score = None if labels.scores is None else float(labels.scores[at])
    name = labels.classes[labels.labels[at]]
    return name, labels.boxes[at].tolist(), bool(labels.ignore[at]), score


def expected(labels: Labels, name: str) -> Photos:
    """Return what the format can express of the labels."""
    photos = by_photo(labels)
    change: dict[str, Callable] = {
        "yolo": _as_yolo,
        "labelme": lambda facts, objects: ((*facts[:2], None), objects),
        "voc": lambda facts, objects: (facts, [_as_voc(*item) for item in objects]),
        "label-studio": lambda facts, objects: (
            facts if objects else (None, None, facts[2]),
            objects,
        ),
    }
    if name in change:
        photos = {photo: change[name](*both) for photo, both in photos.items()}
    if name == "yolo":
        photos = {
            f"images/{_below(facts)}{photo}": (facts, objects)
            for photo, (facts, objects) in photos.items()
        }
    return photos


def _below(facts: tuple) -> str:
    return f"{facts[2]}/" if facts[2] else ""


def _as_voc(name: str, box: list[float], ignore: bool, _: float | None) -> tuple:
    return name, [*box[:2], *(side if side > 1 else 0 for side in box[2:])], ignore, None


def _as_yolo(facts: tuple, objects: list[tuple]) -> tuple:
    kept = []
    for name, (x, y, width, height), ignore, _ in objects:
        left, top = max(x, 0), max(y, 0)
        right, below = min(x + width, facts[0]), min(y + height, facts[1])
        if right > left and below > top and not ignore:
            kept.append((name, [left, top, right - left, below - top], False, None))
    return facts, kept


def assert_same(found: Photos, wanted: Photos) -> None:
    assert found.keys() == wanted.keys()
    for photo, (facts, objects) in wanted.items():
        assert found[photo][0] == facts, photo
        assert len(found[photo][1]) == len(objects), photo
        for one, other in zip(found[photo][1], objects, strict=True):
            assert (one[0], one[2]) == (other[0], other[2])
            assert one[1] == pytest.approx(other[1], abs=0.01)
            assert one[3] == pytest.approx(other[3], abs=1e-4)


sides = st.floats(0, SIDE, width=32) | st.integers(0, SIDE).map(float)


@st.composite
def labelled_sets(draw: st.DrawFn) -> Labels:
    """Draw photos in two folders, objects in and around them, and an object that all can hold."""
    stems = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True))
    splits = st.sampled_from(SPLITS) if draw(st.booleans()) else st.none()
    sizes = st.integers(10, SIDE)
    images = [
        {
            "file_name": f"{draw(st.sampled_from(['', 'sub/'][: 1 + number]))}{stem}.bmp",
            "width": draw(sizes),
            "height": draw(sizes),
            "split": draw(splits),
        }
        for number, stem in enumerate(sorted(stems))
    ]
    boxes = [LabelledBox(0, "cat", (2.0, 2.0, 5.0, 5.5), False, 0.5)]
    row, name = st.integers(0, len(images) - 1), st.sampled_from(CLASSES)
    box = st.tuples(st.floats(-9, SIDE, width=32), sides, sides, sides)
    score = st.integers(0, 1000).map(lambda score: score / 1000)
    boxes += draw(
        st.lists(st.builds(LabelledBox, row, name, box, st.booleans(), score), max_size=6)
    )
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    return labels if draw(st.booleans()) else replace(labels, scores=None)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(labels=labelled_sets())
def test_any_labels_come_back(name: str, labels: Labels) -> None:
    if name == "voc":  # whose photos lie in one folder
        flat = [image["file_name"].removeprefix("sub/") for image in labels.images.to_pylist()]
        labels = replace(labels, images=labels.images.set_column(1, "file_name", [flat]))
    found = read_again(labels, name)
    if name == "pascal":
        found = replace(found, scores=labels.scores)
    assert_same(by_photo(found), expected(labels, name))


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_without_objects_and_a_box_without_area(name: str) -> None:
    images = [
        {"file_name": f"{stem}.bmp", "width": 100, "height": 50, "split": None} for stem in "ab"
    ]
    boxes = [LabelledBox(0, "cat", (3, 4, 0, 0)), LabelledBox(0, "cat", (3, 4, 50, 20))]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    assert_same(by_photo(read_again(labels, name)), expected(labels, name))


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_written_as_the_whole_is(name: str, tmp_path: Path) -> None:
    """Blocks of two, none and one photo; splits, odd boxes and scores give one note each."""
    images = [
        {"file_name": f"{stem}.bmp", "width": 100, "height": 50, "split": split}
        for stem, split in (("a", None), ("b", "val"), ("c", None))
    ]
    boxes = [
        LabelledBox(0, "cat", (3, 4, 50, 1), False, 0.5),
        LabelledBox(0, "dog", (3, 4, 50, 20), True, 0.25),
        LabelledBox(2, "cat", (90, 4, 50, 20), False, 0.75),
        LabelledBox(2, "dog", (3, 4, 0, 20)),
    ]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    block = np.array([0, 0, 2])
    blocks = [labels.of_images(block == at) for at in range(3)]
    results = []
    for place, written in ((tmp_path / "whole", [labels]), (tmp_path / "blocks", blocks)):
        place.mkdir()
        notes = find_format(name).write(written, place / ONE_FILE.get(name, "."))
        files = [file for file in sorted(place.rglob("*")) if file.is_file()]
        content = {file.relative_to(place).as_posix(): file.read_bytes() for file in files}
        results.append((notes, content))
    assert results[0] == results[1]
    assert results[0][1]


@pytest.mark.parametrize("name", NAMES)
def test_the_copy_of_a_set_is_the_same_set(name: str, tmp_path: Path) -> None:
    images = [
        {"file_name": f"{split}.bmp", "width": 100, "height": 50, "split": split}
        for split in ("train", "val")
    ]
    boxes = [LabelledBox(1, "cat", (3, 4, 50, 20))]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    write(labels, name, tmp_path)
    place_photos(labels, name, tmp_path)
    copy_set(find_set(tmp_path), tmp_path / "copy")
    found = find_set(tmp_path / "copy")
    again = with_sizes(found.format.read(found), tmp_path / "copy")
    assert_same(by_photo(known_shares_in_pixels(again)), expected(labels, name))


def test_names_of_formats_are_different() -> None:
    assert len(set(NAMES)) == len(NAMES) == 7


def tables_of(labels: Labels, root: Path) -> Tables:
    return build_tables(with_photos(assign_splits(labels, "fraction"), root))


def columns_of(tables: Tables, *, ignored: bool = True) -> dict[str, list | np.ndarray]:
    """Return what every format keeps of the objects."""
    table = tables.objects.to_pandas()
    table = table if ignored else table[~table["ignore"]]
    return {
        "photo": [Path(name).name for name in table["file_name"]],
        "facts": table[["width", "height", "split", "ignore"]].values.tolist(),
        "name": table["name"].tolist(),
        "boxes": table[["xmin", "ymin", "xmax", "ymax"]].to_numpy(),
    }


@pytest.fixture(scope="module")
def voc(shared, tmp_path_factory) -> Path:
    """The first photos of VOC 2007 and their labels, which are of every class."""
    source, folder = shared("voc2007"), tmp_path_factory.mktemp("voc")
    pascal = json.loads((source / "pascal_train2007.json").read_text())
    pascal["images"] = pascal["images"][:VOC_PHOTOS]
    kept = {image["id"] for image in pascal["images"]}
    pascal["annotations"] = [item for item in pascal["annotations"] if item["image_id"] in kept]
    assert len({item["category_id"] for item in pascal["annotations"]}) == 20
    assert {item["ignore"] for item in pascal["annotations"]} == {0, 1}
    (folder / "pascal_train2007.json").write_text(json.dumps(pascal))
    (folder / "images").mkdir()
    for image in pascal["images"]:
        name = image["file_name"]
        (folder / "images" / name).symlink_to(source / "images" / name)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_voc_2007_in_every_format_makes_the_same_tables(name: str, voc: Path, tmp_path) -> None:
    labels = read_pascal(voc / "pascal_train2007.json", voc)
    before = tables_of(labels, voc)
    write(labels, name, tmp_path)
    photos = tmp_path / PHOTOS.get(name, "photos")
    photos.mkdir()
    for photo in (voc / "images").iterdir():
        (photos / photo.name).symlink_to(photo.resolve())
    found = find_set(tmp_path)
    assert found.format.name == name
    after = tables_of(found.format.read(found), tmp_path)
    wanted = columns_of(before, ignored=name != "yolo")
    got = columns_of(after)
    assert {key: got[key] for key in ("photo", "facts", "name")} == {
        key: wanted[key] for key in ("photo", "facts", "name")
    }
    np.testing.assert_allclose(got["boxes"], wanted["boxes"], atol=0.01)
    assert len(after.images) == VOC_PHOTOS
    largest = after.largest.to_pandas()
    row = largest[largest["file_name"].str.endswith("000012.jpg")].iloc[0]
    lesson = row["ymin"], row["xmin"], row["ymax"] - 1, row["xmax"] - 1
    assert row["name"] == "car"
    assert lesson == pytest.approx((96, 155, 269, 350), abs=0.01)
