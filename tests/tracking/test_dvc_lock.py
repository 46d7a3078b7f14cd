"""The lock file: digests, fingerprints, where a result came from."""

import copy
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tracking.dvc_lock import (
    LockEntry,
    Stages,
    alike_in_all_rungs,
    digests,
    fingerprint,
    flat_params,
    is_of,
    parse_lock,
    read_lock,
    stages_of_rung,
    with_upstream,
)

NOTED = {
    "fetch": {
        "cmd": "fetch",
        "params": {"params.yaml": {"fetch.seed": 42}},
        "outs": [{"path": "photos", "md5": "f1.dir", "size": 9, "nfiles": 3}],
    },
    "other": {"cmd": "other", "outs": [{"path": "unused", "md5": "o1"}]},
    "train@bbox": {
        "cmd": "train bbox",
        "deps": [{"path": "photos", "md5": "f1.dir", "size": 9, "nfiles": 3}],
        "params": {"params.yaml": {"train.shared": {"seed": 1}, "train.bbox": {"head": {"lr": 2}}}},
        "outs": [{"path": "model", "md5": "m1"}],
    },
}


def lock(noted: dict) -> Stages:
    return {name: LockEntry(**entry) for name, entry in noted.items()}


def changed(stage: str, kind: str, key: str, value: object) -> Stages:
    noted = copy.deepcopy(NOTED)
    noted[stage][kind][0][key] = value
    return lock(noted)


def with_train(**changes: object) -> Stages:
    return lock(NOTED | {"train@bbox": NOTED["train@bbox"] | changes})


STAGES = lock(NOTED)


def test_no_file_has_no_stages(tmp_path):
    assert read_lock(tmp_path / "dvc.lock") == {}


def test_empty_lock_has_no_stages(tmp_path):
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\n")
    assert read_lock(tmp_path / "dvc.lock") == {}


@pytest.mark.parametrize("text", ["a: [", "[1, 2]", "stages: 3", "stages: {a: 1}", "", "\x00"])
def test_what_is_no_lock_file_is_named(tmp_path, text):
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(InputError, match=r"dvc\.lock: ") as error:
        read_lock(tmp_path / "dvc.lock")
    assert "\n" not in str(error.value)


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    text = "stages:\n  s:\n    cmd: c\n    params:\n      params.yaml:\n        lr: 1e-3\n"
    (tmp_path / "dvc.lock").write_text(text)
    assert flat_params(read_lock(tmp_path / "dvc.lock"), ["s"]) == {"lr": 0.001}


def test_digests_of_files():
    assert digests([]) == {}
    assert digests(LockEntry(deps=[{"path": "s3://a", "etag": "1"}]).deps) == {}
    assert digests(STAGES["fetch"].outs) == {"photos": "f1.dir"}


@pytest.mark.parametrize(
    "stages",
    [
        changed("train@bbox", "deps", "md5", "f2.dir"),
        changed("train@bbox", "outs", "md5", "m2"),
        with_train(cmd="other"),
        with_train(params={"params.yaml": {"a": 1}}),
    ],
    ids=["data", "model", "command", "parameters"],
)
def test_fingerprint_tells_results_apart(stages):
    assert fingerprint(stages, ["train@bbox"]) != fingerprint(STAGES, ["train@bbox"])


def test_fingerprint_ignores_what_says_nothing_new():
    resized = changed("train@bbox", "deps", "size", 10)
    reordered = lock({name: dict(reversed(NOTED[name].items())) for name in reversed(NOTED)})
    other = lock(NOTED | {"other": {"cmd": "changed"}})
    assert len({fingerprint(s, ["train@bbox"]) for s in (STAGES, resized, reordered, other)}) == 1
    assert len(fingerprint(STAGES, ["train@bbox"])) == 64


def test_fingerprint_with_a_digest_in_place_of_the_one_in_the_lock_file():
    again = changed("train@bbox", "outs", "md5", "m2")
    alike = [fingerprint(s, ["train@bbox"], {"model": "same"}) for s in (STAGES, again)]
    assert alike[0] == alike[1] != fingerprint(STAGES, ["train@bbox"])
    assert fingerprint(STAGES, ["train@bbox"], {"model": "other"}) != alike[0]


def test_upstream_is_what_the_result_has_seen():
    assert with_upstream(STAGES, ["train@bbox"]) == ["fetch", "train@bbox"]
    newer = changed("fetch", "outs", "md5", "f2.dir")
    assert with_upstream(newer, ["train@bbox"]) == ["train@bbox"]


def test_upstream_of_a_file_inside_an_output():
    inside = changed("train@bbox", "deps", "path", "photos/1.jpg")
    assert with_upstream(inside, ["train@bbox"]) == ["fetch", "train@bbox"]
    beside = changed("train@bbox", "deps", "path", "photos2/1.jpg")
    assert with_upstream(beside, ["train@bbox"]) == ["train@bbox"]


def test_upstream_where_a_renamed_stage_is_still_listed():
    old = lock({"old": {"cmd": "old", "outs": [{"path": "photos", "md5": "f0.dir"}]}})
    for stages in (STAGES | old, old | STAGES):
        assert with_upstream(stages, ["train@bbox"]) == ["fetch", "train@bbox"]


def test_params_of_a_result():
    assert flat_params(STAGES, with_upstream(STAGES, ["train@bbox"])) == {
        "fetch.seed": 42,
        "train.shared.seed": 1,
        "train.bbox.head.lr": 2,
    }


def test_the_text_of_a_lock_file_is_read_as_the_file_is(tmp_path):
    text = "schema: '2.0'\nstages: {fetch: {cmd: fetch}}\n"
    (tmp_path / "dvc.lock").write_text(text)
    assert parse_lock(text, "dvc.lock of HEAD") == read_lock(tmp_path / "dvc.lock")
    with pytest.raises(InputError, match=r"dvc\.lock of HEAD: stages: not a lock file of DVC"):
        parse_lock("stages: 3", "dvc.lock of HEAD")


def test_a_rung_has_stages_when_all_three_have_run():
    three = {f"{stage}@bbox": LockEntry() for stage in ("train", "predict", "evaluate")}
    assert stages_of_rung(STAGES, "bbox") is None
    assert stages_of_rung(three, "bbox") == list(three)


def test_parameters_are_named_alike():
    params = {"train.shared.seed": 1, "train.bbox.head.lr": 2, "fetch.seed": 3}
    expected = {"train.seed": 1, "train.head.lr": 2, "fetch.seed": 3}
    assert alike_in_all_rungs(params, "bbox") == expected


def test_a_file_is_the_one_that_was_read(tmp_path):
    file, recorded = tmp_path / "images.parquet", Path("data/images.parquet")
    file.write_bytes(b"abc")
    assert is_of({"data/images.parquet": "900150983cd24fb0d6963f7d28e17f72"}, file, recorded)
    assert not is_of({"data/images.parquet": "0" * 32}, file, recorded)
    assert is_of({}, file, recorded)  # nothing was recorded
