"""Stage `train` in two processes: the result of one, and a kill changes nothing."""

import signal
from pathlib import Path

import psutil
import pytest

from pipeline.data import ranks
from stages import train
from tests.data.test_ranks import as_one_of
from tests.stages.small_project import command, contents, copy_of, history, run_main, write_params

SETTINGS = {
    "train__shared__precision": "float32",
    "train__shared__batch_size": 5,  # as two and three
    "train__ssd_fpn__head": {"epochs": 2, "lr": 0.003},  # on cached features
    "train__ssd_fpn__late": {"epochs": 8, "lr": 0.003},
    "train__ssd_fpn__dropout": 0.1,
}


def _second(launched) -> psutil.Process:
    workers = psutil.Process(launched.pid).children()
    [second] = [worker for worker in workers if worker.environ().get("RANK") == "1"]
    return second


@pytest.mark.slow
def test_two_processes_learn_what_one_does_and_go_on_after_a_kill(
    painted_project, tmp_path_factory
):
    write_params(painted_project, **SETTINGS)
    run_main(train, "ssd_fpn")
    alone = history("ssd_fpn")
    write_params(painted_project, **SETTINGS, train__shared__devices=2)
    other = copy_of(painted_project, tmp_path_factory.mktemp("unbroken"))
    unbroken = command("train", "ssd_fpn", cwd=other)
    assert unbroken.communicate()[1].count("\n") == len(alone) and unbroken.returncode == 0
    model = contents(other / "models/ssd_fpn")

    killed = command("train", "ssd_fpn")
    for line in killed.stderr:
        if line.startswith("ssd_fpn: epoch 2/10 (head): "):
            _second(killed).send_signal(signal.SIGKILL)
            break
    said = killed.communicate(timeout=120)[1].splitlines()
    assert killed.returncode == 1
    assert said[-1].startswith("error: worker 1 of 2 was killed by SIGKILL; run the same command ")
    assert not [line for line in said[:-1] if not line.startswith("ssd_fpn: epoch ")]
    resumed = command("train", "ssd_fpn")
    said = resumed.communicate()[1]
    assert resumed.returncode == 0 and said.startswith("ssd_fpn: resuming after epoch ")
    assert contents(Path("models/ssd_fpn")) == model

    for ours, theirs in zip(history("ssd_fpn"), alone, strict=True):
        assert (ours["phase"], ours["lr"]) == (theirs["phase"], theirs["lr"])
        for split in ("train", "val"):
            assert ours[split] == pytest.approx(theirs[split], rel=1e-3)
    # Before rounding has grown, to all digits that float32 has.
    assert history("ssd_fpn")[0]["train"] == pytest.approx(alone[0]["train"], rel=1e-5)


@pytest.mark.slow
def test_what_all_find_wrong_is_one_line(painted_project):
    steep = {"epochs": 1, "lr": 1e36}
    write_params(painted_project, train__shared__devices=2, train__classifier__head=steep)
    launched = command("train", "classifier")
    said = launched.communicate()[1]
    assert said.startswith("error: the loss became ") and said.count("\n") == 1
    assert launched.returncode == 1
    assert not Path("models/classifier").exists()


def test_more_devices_than_photos_in_a_batch_are_told_before_any_starts(
    painted_project, monkeypatch
):
    write_params(painted_project, train__shared__devices=5)
    monkeypatch.setattr(train, "launch", None)
    with pytest.raises(train.InputError, match="batch_size = 4: 5 devices share a batch; each"):
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
    with as_one_of(0, processes), pytest.raises(train.InputError) as error:
        run_main(train, "classifier")
    assert str(error.value).startswith(line)
    assert ranks.world_size() == 1
