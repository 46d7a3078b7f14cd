"""The painter: reproducible, labelled truly, and with the mix that the ladder needs."""

from collections import Counter
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.demo.painter import CLASSES, _label, paint_demo, paint_photo
from pipeline.formats.pascal import check_pascal

PHOTOS, SIZE = 120, 96


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, paint_demo(folder, PHOTOS, SIZE, seed=3)


def disc(size: int, corner: tuple[int, int], side: int) -> np.ndarray:
    """Return a mask `(size, size)` with one filled square."""
    mask = np.zeros((size, size), bool)
    x, y = corner
    mask[y : y + side, x : x + side] = True
    return mask


def test_an_empty_photo_and_a_layer_outside_give_no_label() -> None:
    assert _label([]) == []
    assert _label([("car", np.zeros((4, 4), bool), False)]) == []


def test_the_box_is_the_tight_hull_even_where_others_cover_it() -> None:
    below, above = _label(
        [("car", disc(10, (1, 2), 4), False), ("fish", disc(10, (2, 2), 4), False)]
    )
    assert (below.name, below.box, below.ignore) == ("car", (1, 2, 5, 6), True)  # 75 % covered
    assert (above.name, above.box, above.ignore) == ("fish", (2, 2, 6, 6), False)


def test_half_covered_counts_and_what_is_faint_covers_nothing() -> None:
    half = [("car", disc(10, (1, 2), 4), False), ("fish", disc(10, (3, 2), 4), False)]
    assert [painted.ignore for painted in _label(half)] == [False, False]
    faint = [("car", disc(10, (1, 2), 4), False), ("fish", disc(10, (1, 2), 4), True)]
    assert [painted.ignore for painted in _label(faint)] == [False, True]


def test_no_photos(tmp_path: Path) -> None:
    pascal = paint_demo(tmp_path, 0, SIZE, seed=1)
    assert (pascal["images"], pascal["annotations"]) == ([], [])


def test_labels_pass_the_check_and_lie_inside_their_photos(demo: tuple[Path, dict]) -> None:
    folder, pascal = demo
    check_pascal(pascal, folder)
    sizes = {}
    for image in pascal["images"]:
        with Image.open(folder / "photos" / image["file_name"]) as photo:
            assert photo.size == (image["width"], image["height"])
            assert (photo.format, photo.mode) == ("JPEG", "RGB")
            sizes[image["id"]] = photo.size
    for item in pascal["annotations"]:
        x, y, w, h = item["bbox"]
        width, height = sizes[item["image_id"]]
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= height
        assert item["area"] == w * h
    assert [category["name"] for category in pascal["categories"]] == list(CLASSES)


def test_same_seed_same_bytes_and_a_larger_set_begins_with_the_smaller(
    demo: tuple[Path, dict], tmp_path: Path
) -> None:
    folder, pascal = demo
    few = paint_demo(tmp_path, 10, SIZE, seed=3)
    assert few["images"] == pascal["images"][:10]
    assert few["annotations"] == pascal["annotations"][: len(few["annotations"])]
    for image in few["images"]:
        first, again = (place / "photos" / image["file_name"] for place in (folder, tmp_path))
        assert first.read_bytes() == again.read_bytes()
    assert paint_demo(tmp_path, 10, SIZE, seed=4)["annotations"] != few["annotations"]


def test_the_mix_of_objects(demo: tuple[Path, dict]) -> None:
    _, pascal = demo
    counts = Counter(item["image_id"] for item in pascal["annotations"])
    names = Counter(item["category_id"] for item in pascal["annotations"])
    ignored = sum(item["ignore"] for item in pascal["annotations"]) / len(pascal["annotations"])
    assert 1 <= PHOTOS - len(counts) <= 12
    assert max(counts.values()) <= 8
    assert min(names.values()) > len(pascal["annotations"]) / 12
    assert 0.01 < ignored < 0.08
    shapes = {image["width"] > image["height"] for image in pascal["images"]}
    assert shapes == {True, False}


def test_one_object_is_clearly_the_largest(demo: tuple[Path, dict]) -> None:
    _, pascal = demo
    areas = {image["id"]: image["width"] * image["height"] for image in pascal["images"]}
    sides: dict[int, list[float]] = {}
    for item in pascal["annotations"]:
        share = sqrt(item["area"] / areas[item["image_id"]])
        sides.setdefault(item["image_id"], []).append(share)
    clear = [max(s) == s[0] and s[0] > 1.15 * max(s[1:], default=0) for s in sides.values()]
    assert np.mean(clear) > 0.9
    assert min(min(s) for s in sides.values()) > 0.1
    assert max(max(s) for s in sides.values()) < 0.7


def test_the_pixels_within_a_box_are_not_the_backdrop() -> None:
    """A box that was shifted or swapped would lie half on the backdrop."""
    changes = []
    for seed in range(40):
        photo, objects = paint_photo(np.random.default_rng(seed), 96)
        if len(objects) == 1:
            xmin, ymin, xmax, ymax = objects[0].box
            pixels = np.asarray(photo).astype(float)
            contrast = np.abs(np.diff(pixels, axis=1)).sum(-1)
            inside = contrast[ymin:ymax, xmin : xmax - 1]
            mask = np.ones_like(contrast, bool)
            mask[ymin:ymax, xmin : xmax - 1] = False
            changes.append(inside.mean() / contrast[mask].mean())
    assert len(changes) >= 5
    assert np.median(changes) > 1.5


@pytest.mark.parametrize("size", [32, 400])
def test_other_sizes(size: int) -> None:
    photo, _ = paint_photo(np.random.default_rng(1), size)
    assert max(photo.size) == size
    assert 0.67 * size < min(photo.size) < 0.85 * size
