"""Classes that rose and fell, and which of them by more than chance."""

import math

import numpy as np
import pytest

from pipeline.compare.by_class import (
    beyond_luck,
    chance_of,
    chance_of_signs,
    changes_of_accuracy,
    changes_of_ap,
)
from pipeline.compare.class_draws import ClassDraws


@pytest.mark.parametrize(
    ("chances", "marks"),
    [
        ([], []),
        ([0.04], [True]),
        ([0.04, 0.04], [False, False]),  # the first is held against .025
        ([0.04, 0.02], [True, True]),
        ([0.01, 0.5, 0.024], [True, False, True]),
        ([0.01, 0.5, 0.026], [True, False, False]),
    ],
)
def test_holms_steps_by_hand(chances, marks):
    assert beyond_luck(chances) == marks


@pytest.mark.parametrize(
    ("change", "deviation", "photos", "chance"),
    [
        (0.0, 0.1, 50, 1.0),
        (-0.196, 0.1, 50, 0.05),
        (0.5, 0.01, 5, 2 / 32),  # five photos of five are never beyond chance
        (0.5, 0.01, 7, 2 / 128),  # 50 deviations, which seven photos cannot tell
        (0.5, 0.01, 0, 1.0),
        (0.0, 0.0, 50, 1.0),
        (0.5, 0.0, 6, 2 / 64),  # what no draw moves has no deviation to be held against
    ],
)
def test_the_chance_of_a_change(change, deviation, photos, chance):
    assert chance_of(change, deviation, photos) == pytest.approx(chance, abs=1e-3)


@pytest.mark.parametrize(
    ("rose", "fell", "chance"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (0, 5, 2 / 32),
        (0, 8, 2 / 256),
        (7, 0, 2 / 128),
        (1, 7, 2 * (1 + 8) / 256),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
    ],
)
def test_the_sign_test_by_hand(rose, fell, chance):
    assert chance_of_signs(rose, fell) == chance_of_signs(fell, rose) == chance


def test_more_photos_that_fall_are_never_less_certain():
    """With four classes the smallest p-value is compared with .05 / 4: 8 of 8 pass, 7 do not."""
    labels, told = np.repeat(np.arange(4), 8), np.ones(32)
    marks = []
    for falling in range(9):
        b = told.copy()
        b[:falling] = 0
        (row,) = [
            one for one in changes_of_accuracy(list("abcd"), labels, told, b) if one.name == "a"
        ]
        marks.append(row.beyond_chance)
    assert marks == [False] * 8 + [True]


def draws_of(here, deviation, photos):
    noise = np.random.default_rng(0).normal(0, deviation, (500, len(photos)))
    here, differing = np.array(here), np.arange(60)[:, None] < photos
    drawn = np.stack([here[0] + 0 * noise, here[1] + noise])
    return ClassDraws(here, drawn, np.array(photos), differing)


def test_classes_are_sorted_from_rise_to_fall_and_those_without_objects_left_out():
    draws = draws_of([[0.5, 0.5, math.nan, 0.5], [0.4, 0.9, math.nan, 0.51]], 0.02, [40, 40, 0, 40])
    rows = changes_of_ap(["cat", "dog", "eel", "fox"], draws)
    assert [one.name for one in rows] == ["dog", "fox", "cat"]
    assert [one.beyond_chance for one in rows] == [True, False, True]
    assert rows[0].low < 0.4 < rows[0].high and rows[0].photos == 40


def test_a_class_of_one_photo_has_no_interval():
    (row,) = changes_of_ap(["cat"], draws_of([[0.0], [1.0]], 0.0, [1]))
    assert row.change == 1 and math.isnan(row.low) and not row.beyond_chance


def test_of_twenty_classes_that_are_alike_luck_marks_none():
    generator = np.random.default_rng(0)
    here = np.stack([np.full(20, 0.5), 0.5 + generator.normal(0, 0.02, 20)])
    rows = changes_of_ap([str(n) for n in range(20)], draws_of(here, 0.02, [50] * 20))
    assert not any(one.beyond_chance for one in rows)
    assert any(one.low > 0 or one.high < 0 for one in rows)  # though some leave their interval


def test_accuracy_of_each_class():
    labels = np.array([0] * 10 + [2] * 10)
    a, b = np.zeros(20), np.array([1.0] * 8 + [0] * 2 + [0] * 9 + [1])
    rows = changes_of_accuracy(["cat", "dog", "eel"], labels, a, b)
    assert [(one.name, one.a, one.b, one.photos) for one in rows] == [
        ("cat", 0, 0.8, 10),
        ("eel", 0, 0.1, 10),
    ]
    assert [one.beyond_chance for one in rows] == [True, False]
