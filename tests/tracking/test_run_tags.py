"""Tags by which runs are found."""

import pytest

from pipeline.tasks import Task
from pipeline.tracking.recorded import Training
from pipeline.tracking.run_tags import digest, run_tags

PARAMS = {"train.shared.seed": 42, "train.shared.device": "auto"}
DEPS = {"data/pixels": "a1", "data/tables/objects.parquet": "b2", "stages/train.py": "c3"}


@pytest.fixture(autouse=True)
def who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "longer")
    monkeypatch.setattr("pipeline.tracking.run_tags.run_git", lambda *words: "")
    monkeypatch.setattr("getpass.getuser", lambda: "me")


def test_all_tags():
    tags = run_tags(PARAMS, DEPS, {"val/l1_px": 8.5}, Task.LOCATE, Training(1, "cuda", "fast"))
    assert tags == {
        "mlflow.source.name": "dvc repro",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": "me",
        "dvc.exp_name": "longer",
        "device": "cuda",
        "processor": "fast",
        "seed": "42",
        "headline": "l1_px 8.500",
        "digest.params": digest(PARAMS),
        "digest.data": digest({"data/pixels": "a1", "data/tables/objects.parquet": "b2"}),
        "digest.deps": digest(DEPS),
    }


def test_what_is_not_known_has_no_tag(monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "")

    def nobody() -> str:
        raise KeyError("uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nobody)
    tags = run_tags({}, {}, {}, Task.DETECT, Training())
    assert not {"mlflow.user", "dvc.exp_name", "device", "seed", "headline"} & tags.keys()


def test_code_is_no_data_and_data_tells_data_apart():
    def of(deps: dict[str, str]) -> tuple[str, str]:
        tags = run_tags(PARAMS, deps, {}, Task.DETECT, Training())
        return tags["digest.data"], tags["digest.deps"]

    data, everything = of(DEPS)
    assert of(DEPS | {"stages/train.py": "other"}) == (
        data,
        of(DEPS | {"stages/train.py": "other"})[1],
    )
    assert of(DEPS | {"stages/train.py": "other"})[1] != everything
    assert of(DEPS | {"data/pixels": "other"})[0] != data
