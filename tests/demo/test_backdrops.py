"""Backdrops: every kind at every size, reproducible, never blank."""

import numpy as np
import pytest
from PIL import Image

from pipeline.demo.backdrops import (
    _add_clutter,
    _blend,
    _clouds,
    _landscape,
    _plaster,
    _tiles,
    paint_backdrop,
)


@pytest.mark.parametrize("kind", [_plaster, _tiles, _landscape])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (40, 30), (31, 64)])
def test_every_kind_has_its_size_and_colours_that_a_photo_can_hold(kind, width, height) -> None:
    pixels = kind(np.random.default_rng(0), width, height)
    assert pixels.shape == (height, width, 3)
    assert -60 < pixels.min() <= pixels.max() < 315


def test_a_blend_runs_in_a_straight_line_from_one_colour_to_the_other() -> None:
    first, middle, second = _blend(np.random.default_rng(0), np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(middle, (first + second) / 2)
    assert (first != second).any()


def test_clouds_are_smooth() -> None:
    clouds = _clouds(np.random.default_rng(0), 60, 40, 2)
    steps = np.abs(np.diff(clouds, axis=1))
    assert clouds.shape == (40, 60)
    assert clouds.std() > 0.2
    assert steps.max() < 0.25


def test_the_sky_is_plain_and_the_ground_is_rough() -> None:
    pixels = _landscape(np.random.default_rng(0), 60, 60)
    assert np.ptp(pixels[0], axis=0).max() == 0
    assert np.ptp(pixels[-1], axis=0).max() > 5


def test_clutter_changes_few_pixels() -> None:
    changed = []
    for seed in range(20):
        wall = Image.new("RGB", (80, 60), (128, 128, 128))
        _add_clutter(np.random.default_rng(seed), wall)
        changed.append((np.asarray(wall) != 128).any(-1).mean())
    assert np.count_nonzero(changed) > 15
    assert max(changed) < 0.1


def test_a_backdrop_is_repeatable_and_not_blank() -> None:
    seen = set()
    for seed in range(20):
        first = paint_backdrop(np.random.default_rng(seed), 48, 36)
        again = paint_backdrop(np.random.default_rng(seed), 48, 36)
        assert (first.size, first.mode) == ((48, 36), "RGB")
        assert first.tobytes() == again.tobytes()
        assert len(first.getcolors(48 * 36)) > 40
        seen.add(first.tobytes())
    assert len(seen) == 20
