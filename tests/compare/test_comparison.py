"""Which rungs are compared, and with what outcome."""

import pytest

from pipeline.compare.common_photos import common_photos
from pipeline.compare.comparison import compare_results, compare_rungs, pairs_of_rungs
from pipeline.compare.sides.find_result import find_result
from pipeline.compare.sides.results import Side
from pipeline.errors import InputError
from tests.compare.making import common_of, pets, rung_in, told, write_result


def result(*rungs, rung=None):
    return Side("mine", "a folder", dict.fromkeys(rungs), rung=rung)


@pytest.mark.parametrize(
    ("a", "b", "pairs"),
    [
        (result("x", "y", "z"), result("z", "y"), [("z", "z"), ("y", "y")]),
        (result("x", "y", rung="x"), result("x", "y"), [("x", "x")]),
        (result("x", "y"), result("x", "y", rung="y"), [("y", "y")]),
        (result("x", rung="x"), result("y", rung="y"), [("x", "y")]),
    ],
)
def test_all_rungs_that_both_have_or_those_that_are_named(a, b, pairs):
    assert pairs_of_rungs(a, b, ["z", "x", "y"]) == pairs


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (result("x"), result("y"), r"no rung in common \(x; y\); name one of each, as mine:RUNG"),
        (result("x", rung="x"), result("y"), "mine: no result of a rung 'x' in a folder; it has y"),
    ],
)
def test_no_pair_is_an_error(a, b, words):
    with pytest.raises(InputError, match=words):
        pairs_of_rungs(a, b, [])


def test_a_rung_of_all_objects(tmp_path):
    objects = pets(16)
    found = compare_rungs(common_of(tmp_path, objects, told(objects, range(9)), told(objects)))
    assert found.name == "ssd" and found.headline.metric == "voc_map_50"
    assert found.headline.better == "B"
    assert [one.name for one in found.classes] == ["cat", "dog"]
    assert len(found.photos) == 9 and len(found.label_scores) == 2


@pytest.mark.parametrize(
    ("rung", "metrics", "classes"),
    [
        ("classifier", ["accuracy"], 2),
        ("bbox", ["l1_px", "mean_iou"], 0),
        ("combined", ["l1_px", "accuracy", "mean_iou"], 2),
    ],
)
def test_a_rung_of_the_largest_object(tmp_path, rung, metrics, classes):
    objects = pets(16)
    found = compare_rungs(common_of(tmp_path, objects, told(objects), told(objects), rung))
    assert [one.metric for one in found.differences] == metrics
    assert all(one.change == one.low == one.high == 0 for one in found.differences)
    assert len(found.classes) == classes and found.photos == []


def test_two_rungs_of_one_result_share_some_metrics(tmp_path):
    objects = pets(16)
    answers = {"bbox": told(objects, range(8)), "combined": told(objects)}
    folder = str(write_result(tmp_path, objects, answers))
    a, b = find_result(f"{folder}:bbox"), find_result(f"{folder}:combined")
    (found,) = compare_results(a, b, "val", []).rungs
    assert found.name == "bbox and combined"
    assert [one.metric for one in found.differences] == ["l1_px", "mean_iou"]
    assert found.headline.better == "B" and found.headline.change < 0


def test_rungs_that_one_side_lacks_are_told(tmp_path):
    objects = pets(4)
    a = write_result(tmp_path / "a", objects, {"ssd": told(objects), "bbox": told(objects)})
    b = write_result(tmp_path / "b", objects, {"ssd": told(objects), "combined": told(objects)})
    comparison = compare_results(find_result(str(a)), find_result(str(b)), "val", [])
    assert comparison.missing == ["bbox: only in A", "combined: only in B"]
    assert [one.name for one in comparison.rungs] == ["ssd"]


@pytest.mark.parametrize(("missed", "better"), [(range(20), ""), (range(40), "A")])
def test_where_scores_are_alike_the_order_of_photos_decides_nothing(tmp_path, missed, better):
    photos, turned = pets(60), dict(reversed(pets(60).items()))
    b = {**told(photos, missed)}
    write_result(tmp_path / "a", photos, {"ssd": told(photos, range(20))})
    write_result(tmp_path / "b", turned, {"ssd": b})
    write_result(tmp_path / "same", photos, {"ssd": b})
    a, b, same = (rung_in(tmp_path / name) for name in ("a", "b", "same"))
    difference = compare_rungs(common_photos(a, b)).headline
    assert difference == compare_rungs(common_photos(a, same)).headline
    assert difference.better == better
    assert bool(difference.change) == bool(better)
