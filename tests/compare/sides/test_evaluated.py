"""Folders of `ladder evaluate` as sides of a comparison."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from commands import compare
from pipeline.compare.comparison import compare_results
from pipeline.compare.sides.evaluated import evaluated_result
from pipeline.compare.sides.find_result import find_result
from pipeline.errors import InputError
from pipeline.other_data.result import write_evaluation, write_tables
from tests.compare.making import told, write_result
from tests.other_data.making import evaluation_on, right_answers, small_tables


def write(folder: Path, data: Path, rung: str) -> Path:
    """Write a result of a rung that finds everything."""
    folder.mkdir()
    tables = small_tables(data)
    answers = right_answers(tables)
    write_tables(folder, tables, answers)
    write_evaluation(folder, replace(evaluation_on(data, tables, answers, folder), rung=rung))
    return folder


def test_two_models_on_one_folder(tmp_path):
    a, b = (write(tmp_path / rung, tmp_path / "mine", rung) for rung in ("ssd_fpn", "ssd_189"))
    comparison = compare_results(find_result(str(a)), find_result(str(b)), "val", [])
    assert comparison.split == "" and comparison.a.source == tmp_path / "mine"
    [rung] = comparison.rungs
    assert rung.name == "ssd_fpn and ssd_189" and len(rung.common.images) == 3
    assert rung.headline.change == 0 and comparison.missing == []


def test_beside_a_project_each_side_is_called_by_its_photos(tmp_path, capsys):
    own = write(tmp_path / "own", tmp_path / "mine", "ssd_fpn")
    objects = {"1.jpg": [("dog", (0.0, 0.0, 10.0, 10.0))]}
    project = write_result(tmp_path / "project", objects, {"ssd_fpn": told(objects)})
    for sides, words in (
        ((own, project), "A and of B's val"),
        ((project, own), "A's val and of B"),
    ):
        assert compare.main([*map(str, sides), "--split", "val"]) == 0
        out = capsys.readouterr().out
        assert f"A and B on the same photos of {words}\n" in out
        assert f"ssd_fpn: compared on 1 photo of {words}; left out: 2 only in " in out


def test_photos_of_their_own_have_no_split_to_choose(tmp_path, capsys):
    sides = [str(write(tmp_path / rung, tmp_path / "mine", rung)) for rung in ("ssd", "ssd_fpn")]
    with pytest.raises(InputError, match=r"--split test: A and B have no splits, .*; leave it out"):
        compare.main([*sides, "--split", "test"])
    assert compare.main(sides) == 0
    assert "A and B on the same photos\n" in capsys.readouterr().out
    assert compare.main([*sides, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["split"] is None


def test_what_it_is(tmp_path):
    folder = write(tmp_path / "a", tmp_path / "mine", "ssd_fpn")
    result = evaluated_result("a", folder)
    assert result.rung == "ssd_fpn" and result.about == f"models/a on {tmp_path / 'mine'}"
    assert result.rungs["ssd_fpn"].params["model"] == "models/a"
    assert find_result(f"{folder}:ssd_fpn").rung == "ssd_fpn"
    with pytest.raises(InputError, match=r"no result of a rung 'bbox' in models/a on"):
        find_result(f"{folder}:bbox")


def test_a_file_that_is_gone(tmp_path):
    a = write(tmp_path / "a", tmp_path / "mine", "ssd_fpn")
    (a / "predictions.parquet").unlink()
    result = find_result(str(a))
    with pytest.raises(InputError, match=r"make it again with `ladder evaluate`"):
        compare_results(result, result, "val", [])
