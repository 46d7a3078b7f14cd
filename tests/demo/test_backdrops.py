"""Backdrops: every kind at every size, reproducible, never blank."""

import numpy as np
import pytest

from pipeline.demo.backdrops import _landscape, _plaster, _tiles, paint_backdrop


@pytest.mark.parametrize("kind", [_plaster, _tiles, _landscape])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (40, 30), (31, 64)])
def test_every_kind_has_the_size_and_finite_colours(kind, width: int, height: int) -> None:
    pixels = kind(np.random.default_rng(0), width, height)
    assert pixels.shape == (height, width, 3)
    assert np.isfinite(pixels).all()
    assert -60 < pixels.min() <= pixels.max() < 315


def test_a_backdrop_is_reproducible_and_not_blank() -> None:
    for seed in range(20):
        first = paint_backdrop(np.random.default_rng(seed), 48, 36)
        again = paint_backdrop(np.random.default_rng(seed), 48, 36)
        assert (first.size, first.mode) == ((48, 36), "RGB")
        assert first.tobytes() == again.tobytes()
        assert len(first.getcolors(48 * 36)) > 40


def test_backdrops_differ() -> None:
    assert (
        len({paint_backdrop(np.random.default_rng(k), 20, 20).tobytes() for k in range(30)}) == 30
    )
