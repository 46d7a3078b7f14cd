"""Average precisions of classes, on the same draws for both sides."""

import numpy as np
import pytest

from pipeline.compare.class_draws import ClassDraws, draw_classes
from tests.compare.making import LEFT, NOWHERE, RIGHT, common_of, pets, told


def test_a_class_without_objects_is_nan_everywhere(tmp_path):
    objects = {name: [("cat", box) for _, box in things] for name, things in pets(4).items()}
    draws = draw_classes(common_of(tmp_path, objects, told(objects), told(objects, [0])))
    assert np.isnan(draws.here[:, 1]).all() and np.isnan(draws.drawn[..., 1]).all()
    assert draws.photos.tolist() == [4, 0]
    assert draws.mean_here.tolist() == draws.here[:, 0].tolist()


def test_found_or_missed_by_hand(tmp_path):
    objects = pets(8)
    draws = draw_classes(common_of(tmp_path, objects, told(objects), told(objects, [0, 2])))
    # Of four cats B misses two, whose boxes on nothing come first: precisions 1/3 and 2/4.
    assert draws.here == pytest.approx(np.array([[1, 1], [(0.5 + 0.5) / 4, 1]]))
    assert draws.photos.tolist() == [4, 4]
    assert draws.drawn.shape == (2, 500, 2)
    known = draws.drawn[0][~np.isnan(draws.drawn[0])]
    assert (known == 1).all()  # A finds everything in every draw


def test_equal_answers_are_equal_in_every_draw(tmp_path):
    objects = pets(6)
    draws = draw_classes(common_of(tmp_path, objects, told(objects, [1]), told(objects, [1])))
    assert np.array_equal(draws.drawn[0], draws.drawn[1], equal_nan=True)


def test_the_photos_that_tell_two_apart_by_hand(tmp_path):
    objects = {"hit.jpg": [("cat", LEFT)], "two.jpg": [("cat", LEFT), ("cat", RIGHT)]}
    objects |= {"stray.jpg": [], "score.jpg": [("dog", LEFT)]}
    a = told(objects)
    b = told(objects, [0]) | {
        "two.jpg": [("cat", RIGHT, 0.9), ("cat", LEFT, 0.9)],  # in another order
        "stray.jpg": [("dog", NOWHERE, 0.1)],
        "score.jpg": [("dog", LEFT, 0.5)],
    }
    draws = draw_classes(common_of(tmp_path, objects, a, b))
    assert draws.differing.tolist() == [[True, False], [False] * 2, [False, True], [False] * 2]


def test_a_mean_leaves_out_what_is_not_known():
    drawn = np.array([[[0.5, np.nan], [np.nan, np.nan]]] * 2)
    here, differing = np.array([[0.5, 1.0], [0.5, np.nan]]), np.zeros((3, 2), bool)
    draws = ClassDraws(here, drawn, np.array([3, 0]), differing)
    assert draws.mean_here.tolist() == [0.75, 0.5]
    assert np.array_equal(draws.mean_drawn, [[0.5, np.nan]] * 2, equal_nan=True)
