"""Columns of a Pascal JSON: the same by blocks and by the plain parser."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pipeline.errors import InputError
from pipeline.formats import columns
from pipeline.formats.columns import columns_of, load_fetched
from pipeline.formats.json_lists import UnusualError
from tests.data.making import SMALL, pascal

ARRAYS = ("ids", "image_ids", "category_ids", "boxes", "ignore")


def assert_same(found, expected):
    assert found.images.equals(expected.images)
    assert found.categories == expected.categories
    for name in ARRAYS:
        assert getattr(found, name).dtype == getattr(expected, name).dtype, name
        assert_array_equal(getattr(found, name), getattr(expected, name))


def never(*_):
    raise AssertionError("the plain parser was called")


@pytest.mark.parametrize("objects", [SMALL, SMALL[:1], []])
@pytest.mark.parametrize("form", [{}, {"indent": 1}, {"separators": (",", ":")}])
def test_both_ways_read_the_same(tmp_path, monkeypatch, objects, form):
    source, path = pascal(objects), tmp_path / "annotations.json"
    path.write_text(json.dumps(source, **form))
    expected = columns_of(source)
    monkeypatch.setattr(columns, "columns_of", never)
    assert_same(load_fetched(path), expected)


@pytest.mark.parametrize(
    "change",
    [
        {"segmentation": {"counts": [1], "size": [2, 2]}},
        {"note": "}, {"},
        {"ignore": True},
    ],
)
def test_unusual_files_take_the_plain_parser(tmp_path, monkeypatch, change):
    source, path = pascal(SMALL), tmp_path / "annotations.json"
    source["annotations"][1] |= change
    path.write_text(json.dumps(source))
    assert_same(load_fetched(path), columns_of(source))
    monkeypatch.setattr(columns, "columns_of", never)
    with pytest.raises(AssertionError, match="plain parser"):
        load_fetched(path)


def test_a_box_of_three_numbers_is_named(tmp_path):
    source, path = pascal(SMALL), tmp_path / "annotations.json"
    source["annotations"][1]["bbox"] = [1, 2, 3]
    path.write_text(json.dumps(source))
    with pytest.raises(InputError, match=r"0\.jpg: annotation 11: bbox .* is not four numbers"):
        load_fetched(path)


def test_a_crowd_counts_as_ignored():
    source = pascal(SMALL)
    source["annotations"][0]["iscrowd"] = 1
    assert_array_equal(columns_of(source).ignore, np.array([True, False, False, True]))


def test_absent_and_broken_files(tmp_path):
    path = tmp_path / "annotations.json"
    with pytest.raises(InputError, match="no such file; run the fetch stage"):
        load_fetched(path)
    for text in ("", '{"images": ['):
        path.write_text(text)
        with pytest.raises(InputError, match="not JSON") as refused:
            load_fetched(path)
        assert "\n" not in str(refused.value)


def test_unusual_is_no_input_error():
    assert not issubclass(UnusualError, InputError)
