"""Stage `train` in two processes: the result of one, and a kill changes nothing."""

import contextlib
from pathlib import Path

import psutil
import pytest

from pipeline.data import ranks
from pipeline.errors import InputError
from pipeline.files import PARAMS
from pipeline.params.params import load_params
from pipeline.rungs.registry import find_rung
from stages import train
from tests.data.test_ranks import as_one_of
from tests.forked import start_stage
from tests.stages.small_project import contents, copy_of, history, run_main, write_params

SETTINGS = {
    "train__shared__precision": "float32",
    "train__shared__batch_size": 5,  # as two and three
    "train__ssd_fpn__head": {"epochs": 2, "lr": 0.003},  # on cached features
    "train__ssd_fpn__late": {"epochs": 4, "lr": 0.003},
    "train__ssd_fpn__dropout": 0.1,
}


def _second(launched) -> psutil.Process:
    workers = psutil.Process(launched.process.pid).children()
    [second] = [worker for worker in workers if worker.environ().get("RANK") == "1"]
    return second


def _train_in(folder: Path, rung: str) -> str:
    """Train in this process, one of two; return what is wrong."""
    with contextlib.chdir(folder):
        try:
            train.work(find_rung(rung), load_params(PARAMS))
        except InputError as error:
            return str(error)
    return ""


@pytest.mark.slow
def test_two_processes_learn_what_one_does_and_go_on_after_a_kill(
    painted_project, together, tmp_path_factory
):
    write_params(painted_project, **SETTINGS)
    run_main(train, "ssd_fpn")
    alone = history("ssd_fpn")
    write_params(painted_project, **SETTINGS, train__shared__devices=2)
    unbroken = copy_of(painted_project, tmp_path_factory.mktemp("unbroken"))
    assert together(_train_in, unbroken, "ssd_fpn") == ["", ""]

    killed = start_stage("train", "ssd_fpn")
    for line in killed.said:
        if line.startswith("ssd_fpn: epoch 2/6 (head): "):
            _second(killed).kill()
            break
    code, said = killed.end()
    *epochs, error = said.splitlines()
    assert code == 1
    assert error.startswith("error: worker 1 of 2 was killed by SIGKILL; run the same command ")
    assert not [line for line in epochs if not line.startswith("ssd_fpn: epoch ")]
    code, said = start_stage("train", "ssd_fpn").end()
    resuming, *epochs = said.splitlines()
    assert code == 0 and resuming.startswith("ssd_fpn: resuming after epoch ")
    assert len(epochs) == len({line.partition("(")[0] for line in epochs}) < len(alone)
    assert contents(Path("models/ssd_fpn")) == contents(unbroken / "models/ssd_fpn")

    for ours, theirs in zip(history("ssd_fpn"), alone, strict=True):
        assert (ours["phase"], ours["lr"]) == (theirs["phase"], theirs["lr"])
        for split in ("train", "val"):
            assert ours[split] == pytest.approx(theirs[split], rel=1e-3)
    # Before rounding has grown, to all digits that float32 has.
    assert history("ssd_fpn")[0]["train"] == pytest.approx(alone[0]["train"], rel=1e-5)


@pytest.mark.slow
def test_what_all_find_wrong_is_what_each_says(painted_project, together):
    """That they print one line together is tested in tests/train/test_launch.py."""
    steep = {"epochs": 1, "lr": 1e36}
    write_params(painted_project, train__shared__devices=2, train__classifier__head=steep)
    first, second = together(_train_in, painted_project, "classifier")
    assert first == second and first.startswith("the loss became ")
    assert not Path("models/classifier").exists()


def test_more_devices_than_photos_in_a_batch_are_told_before_any_starts(
    painted_project, monkeypatch
):
    write_params(painted_project, train__shared__devices=5)
    monkeypatch.setattr(train, "launch", None)
    with pytest.raises(InputError, match="batch_size = 4: 5 devices share a batch; each"):
        run_main(train, "classifier")


@pytest.mark.parametrize(
    ("processes", "changes", "line"),
    [
        (5, {}, "params.yaml: train.shared.batch_size = 4: 5 processes share a batch of "),
        (2, {"train__shared__compile": True}, "params.yaml: train.shared.compile is for one dev"),
        (2, {"train__shared__device": "meta"}, "train.shared.device = meta: is one device, and 2 "),
    ],
)
def test_what_several_processes_cannot_do(painted_project, processes, changes, line):
    write_params(painted_project, **changes)
    with as_one_of(0, processes), pytest.raises(InputError) as error:
        run_main(train, "classifier")
    assert str(error.value).startswith(line)
    assert ranks.world_size() == 1
