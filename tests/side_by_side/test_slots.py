"""Where stages run."""

import os

import pytest

from pipeline.errors import InputError
from pipeline.side_by_side.slots import cpu_slots, gpu_slots


@pytest.fixture(autouse=True)
def six_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.mark.parametrize(("jobs", "threads"), [(1, "6"), (2, "3"), (4, "1"), (9, "1")])
def test_the_cores_are_shared_evenly(jobs, threads):
    slots = cpu_slots(jobs)
    assert [slot.environment for slot in slots] == [{"OMP_NUM_THREADS": threads}] * jobs


def test_each_gpu_is_seen_alone(driver):
    one, other, again = gpu_slots(["1", "GPU-8a", "1"])
    assert (
        one.environment
        == {"OMP_NUM_THREADS": "2", "CUDA_VISIBLE_DEVICES": "1"}
        == again.environment
    )
    assert (other.name, other.environment["CUDA_VISIBLE_DEVICES"]) == ("GPU GPU-8a", "GPU-8a")


def test_a_gpu_that_is_not_there_is_refused(driver):
    with pytest.raises(InputError, match=r"^--gpus 0,9: there is no GPU 9 here; `nvidia-smi -L`"):
        gpu_slots(["0", "9"])


def test_threads_that_are_set_stay(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert [slot.environment["OMP_NUM_THREADS"] for slot in cpu_slots(2)] == ["5", "5"]
