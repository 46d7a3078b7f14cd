"""What DVC's lock file says about how a rung was made."""

from pipeline.compare.sides.results import as_words, made_with
from pipeline.tracking.dvc_lock import read_lock
from tests.compare.making import md5_of, pets, told, write_lock, write_result


def test_a_rung_that_the_lock_does_not_know_has_nothing():
    assert made_with({}, "ssd") == ({}, {})


def test_parameters_and_digests_of_a_rung(tmp_path):
    folder = write_result(tmp_path, pets(2), {"ssd": told(pets(2))})
    write_lock(folder, ["ssd"], {"train.shared": {"seed": 4}, "train.ssd": {"lr": 0.1}})
    params, deps = made_with(read_lock(folder / "dvc.lock"), "ssd")
    assert params == {"train.seed": "4", "train.lr": "0.1"}
    assert deps["predictions/ssd.parquet"] == md5_of(folder / "predictions/ssd.parquet")


def test_parameters_are_words_named_alike_and_other_rungs_left_out():
    params = {"train.ssd.lr": 0.1, "train.bbox.lr": 0.2, "train.shared.seed": 1, "fetch.path": None}
    expected = {"train.lr": "0.1", "train.seed": "1", "fetch.path": "None"}
    assert as_words(params, "ssd") == expected
