"""The folder that `ladder evaluate` leaves."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.evaluate.result_files import ClassAp, write_rows
from pipeline.other_data.result import (
    ClassFigure,
    EvaluationInputs,
    check_is_same,
    check_out,
    class_figures,
    is_evaluation,
    metric_rows,
    read_evaluation,
    result_folder,
    rounded_or_none,
    write_evaluation,
    write_tables,
)
from tests.other_data.making import evaluation_on, right_answers, small_tables


@pytest.fixture
def result(tmp_path) -> Path:
    folder = tmp_path / "evaluated"
    folder.mkdir()
    tables = small_tables(tmp_path / "mine")
    answers = right_answers(tables)
    write_tables(folder, tables, answers)
    write_evaluation(folder, evaluation_on(tmp_path / "mine", tables, answers, folder))
    return folder


def test_what_is_written_is_read_again(result):
    assert is_evaluation(result)
    evaluation = read_evaluation(result)
    assert evaluation.rung == "ssd_fpn" and evaluation.photos == 3
    assert evaluation.metrics["coco_map_75"] is None
    assert evaluation.intervals["voc_map_50"] == (0.25, 0.75)
    first, *_, last = metric_rows(evaluation)
    assert first == ("voc_map_50", "0.5", "0.25 to 0.75") and last == ("coco_map_75", "-", "-")


def test_other_folders_are_none(tmp_path):
    with pytest.raises(InputError, match=r"metrics.json: no such file; make it with"):
        read_evaluation(tmp_path)
    for text in ("{}", "[]", "no json", '{"made_by": "me"}'):
        (tmp_path / "metrics.json").write_text(text)
        assert not is_evaluation(tmp_path)
    with pytest.raises(InputError, match=r"metrics.json: not a result of `ladder evaluate`; run"):
        read_evaluation(tmp_path)


def test_figures_of_classes(tmp_path):
    assert class_figures(tmp_path) == {}
    rows = [ClassAp("cat", 0.5, 0.4, 3), ClassAp("owl", float("nan"), float("nan"), 0)]
    write_rows(tmp_path / "ap_by_class.csv", ClassAp, rows)
    assert class_figures(tmp_path) == {"cat": ClassFigure(0.5, 3), "owl": ClassFigure(None, 0)}
    assert rounded_or_none(0.1234567) == 0.12346


def test_only_a_result_is_replaced(result, tmp_path):
    check_out(result, [tmp_path / "mine"])
    check_out(tmp_path / "new", [tmp_path / "mine"])
    (tmp_path / "other").mkdir()
    check_out(tmp_path / "other", [])
    (tmp_path / "other/file").touch()
    with pytest.raises(InputError, match=r"other: exists and is not a result of"):
        check_out(tmp_path / "other", [])
    with pytest.raises(InputError, match=r"file: is a file; name a folder with --out"):
        check_out(tmp_path / "other/file", [])


def test_a_file_of_the_user_beside_a_result_is_kept(result, tmp_path):
    (result / "my notes.txt").touch()
    with pytest.raises(
        InputError, match=r"evaluated: holds my notes\.txt, which would be removed with"
    ):
        check_out(result, [])


def test_a_place_below_a_file_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file: is a file; name a folder with --out"):
        check_out(tmp_path / "file/new", [])


def asked_in(folder: Path, **other: object) -> EvaluationInputs:
    """Return what the result in `evaluated` is of, but for some of it."""
    same = EvaluationInputs(
        model="models/a",
        model_sha256="0" * 64,
        labels_sha256="0" * 64,
        data=str(folder / "mine"),
        split="",
    )
    return replace(same, **other)


@pytest.mark.parametrize(
    "other", [{"model": "models/b"}, {"data": "yours/mine"}, {"split": "val"}], ids=str
)
def test_a_result_of_something_else_is_not_replaced(result, tmp_path, other):
    words = rf"evaluated: is the result of models/a on {tmp_path}/mine; name another --out"
    with pytest.raises(InputError, match=words):
        check_is_same(result, asked_in(tmp_path, **other))
    old = '{"made_by": "ladder evaluate", "model": "b"}'
    (result / "metrics.json").write_text(old)
    with pytest.raises(InputError, match=r"is the result of b on "):
        check_is_same(result, asked_in(tmp_path, **other))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"labels": "val.json"}, "--labels"),
        ({"format": "coco", "turn": "exif"}, "--format and --turn"),
        ({"rename": {"automobile": "car"}}, "--rename"),
        ({"model_sha256": "1" * 64}, "content of the model"),
        ({"labels_sha256": "1" * 64}, "content of the labels"),
    ],
)
def test_a_result_of_other_labels_or_an_earlier_model_is_not_replaced(
    result, tmp_path, other, what
):
    words = rf"models/a on {tmp_path}/mine with another {what}; name another --out, or remove it$"
    with pytest.raises(InputError, match=words):
        check_is_same(result, asked_in(tmp_path, **other))
    write_evaluation(result, replace(read_evaluation(result), **other))
    check_is_same(result, asked_in(tmp_path, **other))
    with pytest.raises(InputError, match=words):
        check_is_same(result, asked_in(tmp_path))


def test_the_same_is_replaced(result, tmp_path):
    check_is_same(result, asked_in(tmp_path))
    check_is_same(result, asked_in(tmp_path, model="models/../models/a/"))
    check_is_same(tmp_path / "new", asked_in(tmp_path))
    path = result / "metrics.json"
    noted = json.loads(path.read_text())
    for key in (
        "labels",
        "format",
        "turn",
        "rename",
        "labels_sha256",
    ):  # as an earlier version left it
        del noted[key]
    path.write_text(json.dumps(noted))
    check_is_same(result, asked_in(tmp_path))
    assert read_evaluation(result).rename == {}


def test_labels_that_are_not_read_yet_are_taken_for_the_same(result, tmp_path):
    check_is_same(result, asked_in(tmp_path, labels_sha256=""))


@pytest.mark.parametrize(("out", "data"), [("a", "a"), ("a/b", "a"), ("a", "a/b")])
def test_a_result_and_its_photos_lie_apart(tmp_path, out, data):
    with pytest.raises(InputError, match=r"contain one another; name another --out"):
        check_out(tmp_path / out, [tmp_path / data])


def test_what_fails_leaves_nothing(result, tmp_path):
    before = sorted(result.rglob("*"))
    for out in (result, tmp_path / "a/b/new"):
        with pytest.raises(KeyboardInterrupt), result_folder(out) as folder:
            (folder / "half").touch()
            raise KeyboardInterrupt
    assert sorted(result.rglob("*")) == before
    assert {one.name for one in tmp_path.iterdir()} == {"evaluated", "mine"}


def test_what_ends_well_takes_its_place(result):
    with result_folder(result) as folder:
        (folder / "whole").touch()
    assert [one.name for one in result.iterdir()] == ["whole"]
