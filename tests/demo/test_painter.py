"""The painter: reproducible, correct labels, and the mix of objects that the ladder needs."""

from collections import Counter, defaultdict
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.demo import painter
from pipeline.demo.painter import (
    CLASSES,
    Painted,
    develop,
    draw_sprite,
    find_corner,
    ignore_hidden,
    paint_demo,
    paint_photo,
    paste_sprite,
)
from pipeline.formats.pascal.reader import check_pascal

PHOTOS, SIZE = 120, 96
GREEN = (0, 255, 0)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, paint_demo(folder, PHOTOS, SIZE, seed=3)


def square(corner: tuple[int, int], side: int = 4, ignore: bool = False) -> Painted:
    """Return an object that fills a square of a photo of 10 x 10 pixels."""
    x, y = corner
    pixels = np.zeros((10, 10), bool)
    pixels[y : y + side, x : x + side] = True
    return Painted("car", (x, y, x + side, y + side), pixels, ignore)


def paste_green(corner: tuple[int, int], opacity: float = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return a black photo of 10 x 6 pixels with a green sprite of 4 x 3 in it, and the mask."""
    photo = Image.new("RGB", (10, 6))
    sprite = Image.new("RGBA", (4, 3), GREEN)
    mask = paste_sprite(photo, sprite, corner, opacity)
    return np.asarray(photo), mask


@pytest.mark.parametrize(
    ("corner", "hull"),
    [
        ((2, 1), (2, 1, 6, 4)),
        ((-1, -2), (0, 0, 3, 1)),  # cut off by the left and the upper border
        ((8, 5), (8, 5, 10, 6)),  # by the right and the lower one
        ((10, 0), None),  # beyond the border
    ],
)
def test_the_mask_is_of_the_pixels_that_change(corner: tuple, hull: tuple | None) -> None:
    photo, mask = paste_green(corner)
    assert (mask == (photo[..., 1] == 255)).all()
    assert Image.fromarray(mask).getbbox() == hull


def test_a_pale_object_has_the_mask_of_a_solid_one() -> None:
    photo, mask = paste_green((2, 1), opacity=0.2)
    assert photo.max() == 51  # a fifth of 255
    assert (mask == paste_green((2, 1))[1]).all()


def test_pixels_that_are_nearly_clear_are_not_of_the_object() -> None:
    sprite = Image.fromarray(np.full((1, 2, 4), [[255], [95]], np.uint8).reshape(1, 2, 4))
    mask = paste_sprite(Image.new("RGB", (4, 1)), sprite, (1, 0))
    assert mask.tolist() == [[False, True, False, False]]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("side", [5, 24, 90])
def test_a_sprite_has_its_area_and_touches_all_its_borders(name: str, side: int) -> None:
    sprite = draw_sprite(np.random.default_rng(0), name, side)
    assert sqrt(sprite.width * sprite.height) == pytest.approx(side, abs=0.8)
    assert sprite.getbbox() == (0, 0, *sprite.size)


@pytest.mark.parametrize("seed", range(20))
def test_a_box_fits_the_drawn_pixels(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One object on a white photo, without noise: its box holds all pixels that are not white."""
    monkeypatch.setattr(painter, "_COUNTS", (0, 1))
    monkeypatch.setattr(painter, "paint_backdrop", lambda _, *wh: Image.new("RGB", wh, "white"))
    monkeypatch.setattr(painter, "develop", lambda _, photo: photo)
    photo, [painted] = paint_photo(np.random.default_rng(seed), SIZE)
    drawn = (np.asarray(photo) < 255 - 80).any(-1)  # at the edge, a mixture with the white
    found = Image.fromarray(drawn).getbbox()
    np.testing.assert_allclose(painted.box, found, atol=1)
    assert painted.pixels.shape == (photo.height, photo.width)


def test_the_first_sprite_may_lie_anywhere_and_some_reach_over_the_border() -> None:
    corners = np.array(
        [find_corner(np.random.default_rng(k), (20, 10), (100, 80), []) for k in range(400)]
    )
    np.testing.assert_array_less(-4, corners.min(0))  # 12 % of 20 is 2.4
    np.testing.assert_array_less(corners.max(0), (84, 73))
    beyond = ((corners < 0) | (corners > (80, 70))).any(1)
    assert 0.005 < beyond.mean() < 0.1
    assert (np.ptp(corners, axis=0) > (76, 66)).all()


def test_a_sprite_avoids_others_where_it_can() -> None:
    left_half = [(0, 0, 50, 100)]
    rngs = [np.random.default_rng(seed) for seed in range(200)]
    x = np.array([find_corner(rng, (20, 20), (100, 100), left_half)[0] for rng in rngs])
    shared = (50 - x).clip(0, 20) / 20
    assert np.mean(shared <= 0.08) > 0.75
    assert 0 < np.mean(shared > 0.08) < 0.25
    assert shared.max() <= 0.5


def test_where_every_place_is_taken_the_sprite_lies_somewhere() -> None:
    corner = find_corner(np.random.default_rng(0), (20, 20), (100, 100), [(0, 0, 100, 100)])
    assert all(-3 <= place <= 83 for place in corner)


def test_no_objects_none_to_ignore() -> None:
    assert ignore_hidden([]) == []


@pytest.mark.parametrize(
    ("lower", "upper", "ignored"),
    [
        (square((1, 2)), square((2, 2)), [True, False]),  # 75 % covered
        (square((1, 2)), square((3, 2)), [False, False]),  # 50 %
        (square((1, 2)), square((1, 2), ignore=True), [False, True]),  # what is pale covers nothing
        (square((1, 2), ignore=True), square((6, 2)), [True, False]),
    ],
)
def test_an_object_is_ignored_if_others_hide_it(lower: Painted, upper: Painted, ignored) -> None:
    marked = ignore_hidden([lower, upper])
    assert [painted.ignore for painted in marked] == ignored
    assert [painted.box for painted in marked] == [lower.box, upper.box]  # tight, though covered


def test_two_objects_hide_a_third_together() -> None:
    marked = ignore_hidden([square((1, 2)), square((3, 2)), square((1, 2), side=2)])
    assert [painted.ignore for painted in marked] == [True, False, False]  # 8 + 4 of 16 pixels


def test_a_camera_adds_noise_and_keeps_the_size() -> None:
    grey = Image.new("RGB", (50, 40), (100, 100, 100))
    pixels = np.asarray(develop(np.random.default_rng(0), grey)).astype(float)
    assert pixels.shape == (40, 50, 3)
    assert (80 < pixels.mean((0, 1))).all()
    assert (pixels.mean((0, 1)) < 118).all()  # 100 x 1.12 x 1.05 at most
    assert 0.9 < pixels[..., 0].std() < 6.5


def test_no_photos(tmp_path: Path) -> None:
    pascal = paint_demo(tmp_path, 0, SIZE, seed=1)
    assert (pascal["images"], pascal["annotations"]) == ([], [])
    assert [category["name"] for category in pascal["categories"]] == list(CLASSES)


def test_a_photo_without_objects_has_no_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "_COUNTS", (1,))
    photo, objects = paint_photo(np.random.default_rng(0), SIZE)
    assert objects == []
    assert photo.width == SIZE or photo.height == SIZE


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


def test_another_seed_paints_other_photos(demo: tuple[Path, dict], tmp_path: Path) -> None:
    folder, _ = demo
    paint_demo(tmp_path, 10, SIZE, seed=4)
    for path in sorted((tmp_path / "photos").iterdir()):
        assert path.read_bytes() != (folder / "photos" / path.name).read_bytes()


def test_the_mix_of_objects(demo: tuple[Path, dict]) -> None:
    _, pascal = demo
    counts = Counter(item["image_id"] for item in pascal["annotations"])
    names = Counter(item["category_id"] for item in pascal["annotations"])
    ignored = np.mean([item["ignore"] for item in pascal["annotations"]])
    assert 1 <= PHOTOS - len(counts) <= 12  # photos without objects
    assert max(counts.values()) <= 8
    assert min(names.values()) > len(pascal["annotations"]) / 12
    assert 0.01 < ignored < 0.08
    assert {image["width"] > image["height"] for image in pascal["images"]} == {True, False}


def test_one_object_is_clearly_the_largest(demo: tuple[Path, dict]) -> None:
    _, pascal = demo
    areas = {image["id"]: image["width"] * image["height"] for image in pascal["images"]}
    sides = defaultdict(list)
    for item in pascal["annotations"]:
        sides[item["image_id"]].append(sqrt(item["area"] / areas[item["image_id"]]))
    clear = [max(s) == s[0] and s[0] > 1.15 * max(s[1:], default=0) for s in sides.values()]
    assert np.mean(clear) > 0.9
    assert min(min(s) for s in sides.values()) > 0.1
    assert max(max(s) for s in sides.values()) < 0.7


@pytest.mark.parametrize("size", [32, 400])
def test_other_sizes(size: int) -> None:
    photo, _ = paint_photo(np.random.default_rng(1), size)
    assert max(photo.size) == size
    assert 0.67 * size < min(photo.size) < 0.85 * size
