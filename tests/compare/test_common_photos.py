"""Photos are matched by name: order, ids and class labels may differ."""

from dataclasses import replace

import pyarrow as pa
import pytest

from pipeline.compare.common_photos import LeftOut, common_photos
from pipeline.errors import InputError
from tests.compare.making import LEFT, RIGHT, pets, rung_in, told, write_result


def sides(tmp_path, a, b, rung_a="ssd", rung_b="ssd", classes=("cat", "dog"), ids=None):
    """Return what two rungs have in common, each with the truth about its own photos."""
    write_result(tmp_path / "a", a, {rung_a: told(a)})
    write_result(tmp_path / "b", b, {rung_b: told(b)}, classes, ids)
    return rung_in(tmp_path / "a", rung_a), rung_in(tmp_path / "b", rung_b)


def test_no_photo_at_all_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"no photo in common \(0 and 0 with other names\)"):
        common_photos(*sides(tmp_path, {}, {}))


def test_another_order_other_ids_and_other_numbers_of_classes_change_nothing(tmp_path):
    photos = pets(4)
    turned = dict(reversed(photos.items()))
    common = common_photos(
        *sides(tmp_path, photos, turned, classes=("dog", "cat"), ids=(9, 7, 30, 2))
    )
    mine, other = (
        sorted(
            zip(*(one[key].to_pylist() for key in ("image_id", "file_name", "label")), strict=True)
        )
        for one in common.found
    )
    assert mine == other == [(n + 1, f"{n:03}.jpg", n % 2) for n in range(4)]
    assert common.left_out == LeftOut()


def test_photos_that_one_side_lacks_are_left_out_and_counted(tmp_path):
    common = common_photos(*sides(tmp_path, pets(5), pets(6, first=2)))
    assert common.images["file_name"].to_pylist() == ["002.jpg", "003.jpg", "004.jpg"]
    assert common.left_out == LeftOut(2, 3, 0)
    assert len(common.truth) == len(common.found[0]) == len(common.found[1]) == 3


def test_photos_with_other_objects_are_left_out_and_counted(tmp_path):
    other = pets(3) | {"001.jpg": [("dog", RIGHT)]}
    common = common_photos(*sides(tmp_path, pets(3), other))
    assert common.images["file_name"].to_pylist() == ["000.jpg", "002.jpg"]
    assert common.left_out == LeftOut(0, 0, 1)


def test_objects_in_another_order_are_the_same(tmp_path):
    things = [("cat", LEFT), ("dog", RIGHT)]
    common = common_photos(*sides(tmp_path, {"a.jpg": things}, {"a.jpg": things[::-1]}))
    assert common.left_out == LeftOut()


def test_rows_of_both_sides_are_in_the_order_of_a(tmp_path):
    """Average precision breaks ties between scores by row order."""
    photos = {name: [*things, ("dog", RIGHT)] for name, things in pets(5).items()}
    turned = dict(reversed(list(photos.items())[1:]))
    common = common_photos(*sides(tmp_path, photos, turned))
    rows = [(n + 1, name) for n in range(1, 5) for name in (pets(5)[f"{n:03}.jpg"][0][0], "dog")]
    for table in (common.truth, *common.found):
        columns = (table[key].to_pylist() for key in ("image_id", "name"))
        assert list(zip(*columns, strict=True)) == rows


def test_of_the_largest_object_photos_that_one_side_alone_has_one_of_are_counted(tmp_path):
    full = pets(5)
    less = full | {"000.jpg": [], "001.jpg": []}
    for number, both in enumerate(((full, less), (less, full))):
        folder = tmp_path / str(number)
        common = common_photos(*sides(folder, *both, "bbox", "bbox"))
        assert common.left_out == LeftOut(0, 0, 2) and len(common.images) == 3


def test_photos_without_an_object_count_where_all_objects_are_predicted(tmp_path):
    photos = pets(2) | {"empty.jpg": []}
    assert len(common_photos(*sides(tmp_path / "all", photos, photos)).images) == 3
    largest = common_photos(*sides(tmp_path / "one", photos, photos, "bbox", "combined"))
    assert len(largest.images) == 2 and largest.left_out == LeftOut()
    assert largest.rungs == ("bbox", "combined")


@pytest.mark.parametrize(
    ("a", "b", "rung_a", "rung_b", "words"),
    [
        (pets(2), pets(2, first=5), "ssd", "ssd", "no photo in common .2 and 2 with other names"),
        (
            pets(1),
            {"000.jpg": [("cat", RIGHT)]},
            "ssd",
            "ssd",
            r"every photo in common .1. has different",
        ),
        ({"a.jpg": []}, {"a.jpg": []}, "bbox", "bbox", "no photo in common has an object"),
        (pets(2), pets(2), "bbox", "ssd", "one predicts all objects, the other the largest"),
        (pets(2), pets(2), "bbox", "classifier", "one predicts classes, the other boxes"),
    ],
)
def test_what_cannot_be_compared(tmp_path, a, b, rung_a, rung_b, words):
    with pytest.raises(InputError, match=words) as error:
        common_photos(*sides(tmp_path, a, b, rung_a, rung_b))
    assert f"{rung_a} of " in str(error.value) and f"{rung_b} of " in str(error.value)


def test_other_classes_are_named(tmp_path):
    with pytest.raises(InputError, match=r"different classes \(only in .*/b: eel\).*fetch.classes"):
        common_photos(*sides(tmp_path, pets(2), pets(2), classes=("cat", "dog", "eel")))


@pytest.mark.parametrize("rung", ["ssd", "bbox", "combined"])
def test_a_box_that_is_no_number_names_rung_and_photo(tmp_path, rung):
    a, b = sides(tmp_path, pets(3), pets(3), rung, rung)
    rows = b.predictions.table.to_pylist()
    rows[1]["xmin"] = float("nan")
    table = pa.Table.from_pylist(rows, b.predictions.table.schema)
    broken = replace(b, predictions=replace(b.predictions, table=table))
    with pytest.raises(InputError, match=rf"^{rung} of .*/b: a box in 001\.jpg is not finite"):
        common_photos(a, broken)


def test_two_photos_of_one_name_are_refused(tmp_path):
    a, b = sides(tmp_path, pets(2), pets(2))
    double = type(a)(a.owner, a.rung, a.images.take([0, 0]), a.truth, a.predictions)
    with pytest.raises(InputError, match="two photos have one file name"):
        common_photos(double, b)
