"""The pen draws in the right place; each drawing fills its tile and is unlike the others."""

import numpy as np
import pytest
from PIL import Image

from pipeline.demo.drawings import DRAWINGS, Pen, colour, shade

RED, GREY = (200, 0, 0), (100, 100, 100)


def draw(name: str, seed: int = 0, side: int = 64) -> Image.Image:
    pen = Pen(side)
    DRAWINGS[name](pen, np.random.default_rng(seed))
    return pen.tile


def test_a_new_pen_has_a_clear_tile() -> None:
    assert Pen(8).tile.getbbox() is None


@pytest.mark.parametrize(
    ("shape", "places", "hull"),
    [
        ("box", [(0.2, 0.3), (0.6, 0.5)], (2, 3, 7, 6)),  # both corners are drawn
        ("polygon", [(0.2, 0.3), (0.6, 0.3), (0.6, 0.5)], (2, 3, 7, 6)),
        ("line", [(0.2, 0.3), (0.6, 0.3)], (2, 3, 7, 4)),
        ("ellipse", [(0.4, 0.5), (0.2, 0.3)], (2, 2, 7, 9)),  # centre and radii
    ],
)
def test_coordinates_are_shares_of_the_side(shape: str, places: list, hull: tuple) -> None:
    pen = Pen(10)
    width = {"width": 0.1} if shape == "line" else {}
    getattr(pen, shape)(*places, fill=RED, **width)
    assert pen.tile.getbbox() == hull
    assert {pixel for _, pixel in pen.tile.getcolors()} == {(0, 0, 0, 0), (*RED, 255)}


@pytest.mark.parametrize("shape", ["box", "polygon"])
def test_a_rim_is_darker_and_lies_inside(shape: str) -> None:
    pen = Pen(10)
    corners = [(0.2, 0.2), (0.8, 0.8)]
    if shape == "polygon":
        corners = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]
    getattr(pen, shape)(*corners, fill=GREY, rim=0.2)
    assert pen.tile.getbbox() == (2, 2, 9, 9)
    row = np.asarray(pen.tile)[5, :, 0].tolist()
    assert row == [0, 0, 55, 55, 100, 100, 100, 55, 55, 0]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_large_opaque_inside_its_tile_and_of_many_colours(name: str) -> None:
    for seed in range(5):
        tile = draw(name, seed)
        left, upper, right, lower = tile.getbbox()
        assert min(right - left, lower - upper) > 0.55 * 64
        assert min(left, upper, 64 - right, 64 - lower) > 0  # nothing is cut off
        alpha = np.asarray(tile)[..., 3]
        assert set(np.unique(alpha)) <= {0, 255}
        assert (alpha == 255).mean() > 0.2
        assert len(tile.getcolors()) >= 4


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_depends_on_its_random_numbers_alone(name: str) -> None:
    assert draw(name, 1).tobytes() == draw(name, 1).tobytes()
    assert draw(name, 1).tobytes() != draw(name, 2).tobytes()


def test_silhouettes_differ_between_classes() -> None:
    masks = {
        name: np.stack([np.asarray(draw(name, seed))[..., 3] > 0 for seed in range(6)]).mean(0)
        for name in DRAWINGS
    }
    for name, mask in masks.items():
        for other in masks.keys() - {name}:
            assert np.abs(mask - masks[other]).mean() > 0.07, (name, other)


@pytest.mark.parametrize("turns", [0, 1])
def test_a_hue_goes_round(turns: int) -> None:
    green = (turns + 1 / 3, turns + 1 / 3)
    assert colour(np.random.default_rng(0), green, (1, 1), (1, 1)) == (0, 255, 0)


def test_a_colour_lies_within_its_ranges() -> None:
    rng = np.random.default_rng(0)
    greys = {colour(rng, (0, 1), (0, 0), (0.2, 0.4)) for _ in range(50)}
    assert all(red == green == blue and 51 <= red <= 102 for red, green, blue in greys)
    assert len(greys) > 20


def test_a_shade_is_darker_or_lighter_but_never_too_light() -> None:
    assert shade((100, 200, 50)) == (55, 110, 28)
    assert shade((100, 200, 50), 2) == (200, 255, 100)
