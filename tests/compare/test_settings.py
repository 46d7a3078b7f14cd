"""Parameters, code and data that differ."""

from pathlib import Path

from pipeline.compare.settings import ABSENT, Setting, differing_inputs, differing_settings
from pipeline.compare.sides.results import RungFiles


def made_with(params=None, deps=None):
    return RungFiles(Path("p"), {}, params or {}, deps or {}, "")


def test_nothing_differs():
    same = made_with({"train.lr": "1"}, {"pipeline/train": "ab"})
    assert differing_settings([("bbox", same, same)]) == []
    assert differing_inputs([("bbox", same, same)]) == []


def test_what_differs_alike_in_several_rungs_is_said_once():
    a = made_with({"train.lr": "1", "fetch.seed": "1", "train.form": "ours"})
    b = made_with({"train.lr": "2", "fetch.seed": "1"})
    c = made_with({"train.lr": "3", "fetch.seed": "1", "train.form": "ours"})
    assert differing_settings([("bbox", a, b), ("ssd", a, b), ("fpn", a, c)]) == [
        Setting("train.form", "ours", ABSENT, ("bbox", "ssd")),
        Setting("train.lr", "1", "2", ("bbox", "ssd")),
        Setting("train.lr", "1", "3", ("fpn",)),
    ]


def test_code_and_data_that_differ_are_named_and_what_follows_from_them_is_not():
    a = {"pipeline/train": "1", "models/bbox": "1", "predictions/bbox.parquet": "1", "old": "1"}
    b = {"pipeline/train": "2", "models/bbox": "2", "predictions/bbox.parquet": "2", "new": "1"}
    assert differing_inputs([("bbox", made_with(deps=a), made_with(deps=b))]) == ["pipeline/train"]
    assert differing_inputs([("bbox", made_with(deps=a), made_with())]) == []
