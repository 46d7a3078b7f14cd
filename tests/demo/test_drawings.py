"""Each drawing fills its tile, stays inside it, and looks like itself only."""

import numpy as np
import pytest
from PIL import Image

from pipeline.demo.drawings import DRAWINGS, Pen, colour, shade


def draw(name: str, seed: int = 0, side: int = 64) -> Image.Image:
    pen = Pen(side)
    DRAWINGS[name](pen, np.random.default_rng(seed))
    return pen.image


def test_a_new_pen_has_an_empty_tile() -> None:
    assert Pen(8).image.getbbox() is None


def test_strokes_lie_where_they_are_told() -> None:
    pen = Pen(10)
    pen.box((0.2, 0.3), (0.6, 0.5), (255, 0, 0, 255))
    assert pen.image.getpixel((4, 4)) == (255, 0, 0, 255)
    assert pen.image.getpixel((8, 4)) == (0, 0, 0, 0)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_large_opaque_and_of_many_colours(name: str) -> None:
    for seed in range(5):
        tile = draw(name, seed)
        left, upper, right, lower = tile.getbbox()
        assert min(right - left, lower - upper) > 0.55 * 64
        alpha = np.asarray(tile)[..., 3]
        assert set(np.unique(alpha)) <= {0, 255}
        assert (alpha == 255).mean() > 0.2
        assert len(tile.getcolors()) >= 4


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_depends_on_its_random_numbers_alone(name: str) -> None:
    assert draw(name, 1).tobytes() == draw(name, 1).tobytes()
    assert draw(name, 1).tobytes() != draw(name, 2).tobytes()


def test_silhouettes_differ_more_between_classes_than_within() -> None:
    masks = {
        name: np.stack([np.asarray(draw(name, seed))[..., 3] > 0 for seed in range(6)]).mean(0)
        for name in DRAWINGS
    }
    for name, mask in masks.items():
        for other in masks.keys() - {name}:
            assert np.abs(mask - masks[other]).mean() > 0.07, (name, other)


def test_colours() -> None:
    green = colour(np.random.default_rng(0), (0.33, 0.34), (1, 1), (1, 1))
    assert green[1] == 255
    assert max(green[0], green[2]) < 12
    assert shade((100, 200, 50, 255), 0.5) == (50, 100, 25, 255)
    assert shade((100, 200, 50, 255), 2) == (200, 255, 100, 255)
