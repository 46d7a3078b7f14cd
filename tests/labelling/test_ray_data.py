"""Workers of Ray leave the parts of the plain engine, whoever is killed; one Ray for all tests."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from pipeline.errors import InputError
from pipeline.inference.described_model import SentModel, describe_detector
from pipeline.labelling import bulk, ray_data
from pipeline.labelling.bulk import detect_into
from pipeline.labelling.job import LabelJob, open_job
from pipeline.labelling.photo_files import named_photos
from pipeline.labelling.ray_data import detect_on_ray, ray_session
from pipeline.labelling.waiting import WaitingPhotos, without_done
from tests.inference.making import EVERYTHING, photo_file, saved
from tests.labelling.test_job import ASKED, rows_of
from tests.s3_server import BUCKET, s3_server

PHOTOS, A_PART = 100, 32
slow = pytest.mark.slow  # Ray takes ten seconds to start, and each worker imports torch


def skip_without_ray() -> None:
    if find_spec("ray") is None:  # not imported: it reads the environment then
        pytest.skip("ray, of the extra `ray`, is not installed")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = saved(tmp_path_factory.mktemp("of-ray") / "models/ssd_fpn", "ssd_fpn")
    return describe_detector(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("for-ray")
    for number in range(PHOTOS):
        photo_file(folder / f"{number:03d}.png", seed=number)
    (folder / "002.png").write_bytes(b"no photo")
    return folder


@pytest.fixture(scope="module")
def ray_here(folder):
    """Run Ray for all tests of this module, beside a server of S3 that its workers know."""
    skip_without_ray()
    with pytest.MonkeyPatch.context() as patch, s3_server(folder) as environment:
        for name, value in environment.items():
            patch.setenv(name, value)
        with ray_session(None, 1):
            yield


@pytest.fixture
def photos(folder, monkeypatch) -> WaitingPhotos:
    for module in (bulk, ray_data):
        monkeypatch.setattr(module, "PHOTOS_A_PART", A_PART)
    return named_photos([str(folder)])[0]


@pytest.fixture
def job(tmp_path) -> LabelJob:
    return open_job(tmp_path / "ray", ASKED, restart=False)


@pytest.fixture
def plain(model, photos, tmp_path) -> LabelJob:
    job = open_job(tmp_path / "plain", ASKED, restart=False)
    detect_into(job, model.detector("cpu", EVERYTHING), photos)
    return job


def on_ray(job: LabelJob, model, photos: WaitingPhotos) -> None:
    waiting = without_done(photos, job.done())
    sent = SentModel.of(model, "cpu", EVERYTHING)
    detect_on_ray(job, sent, waiting, len(photos) - len(waiting), workers=1)


def parts(job: LabelJob) -> dict[str, bytes]:
    return {part.name: part.read_bytes() for part in job.parts}


def test_without_ray_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"needs the package ray\S*; .* pip install 'ray\[data\]'"):
        with ray_session(None):
            pass


@slow
def test_either_engine_goes_on_where_the_other_was_stopped(
    ray_here, model, photos, plain, job, capfd
):
    detect_into(job, model.detector("cpu", EVERYTHING), photos[:A_PART])
    capfd.readouterr()
    on_ray(job, model, photos)
    told = capfd.readouterr()
    lines = told.err.splitlines()
    assert all(line.startswith("label: ") for line in lines) and told.out == ""
    assert lines[-1].startswith(f"label: {PHOTOS}/{PHOTOS} photos, ")
    assert len(job.parts) == 4
    assert parts(job) == parts(plain)  # byte by byte
    assert rows_of(job)["error"].to_pylist()[2].startswith("does not decode")
    job.parts[1].unlink()  # parts end in any order, so that a kill may leave gaps
    detect_into(job, model.detector("cpu", EVERYTHING), without_done(photos, job.done()))
    assert rows_of(job).equals(rows_of(plain))


@dataclass(frozen=True)
class JobThatKills(LabelJob):
    """Does something once, after its first part."""

    kill: Callable[[], None] | None = None

    def put(self, number, part, photos) -> None:
        super().put(number, part, photos)
        if self.kill and len(self.parts) == 1:
            self.kill()


def kill_worker() -> None:
    below = psutil.Process().children(recursive=True)
    [worker] = [one for one in below if "Worker" in " ".join(one.cmdline()[:1])]
    worker.kill()


@slow
def test_photos_in_s3_have_the_same_rows_also_where_a_worker_is_killed(
    ray_here, model, photos, plain, job
):
    killed = JobThatKills(job.folder, job.asked, kill=kill_worker)
    on_ray(killed, model, named_photos([f"s3://{BUCKET}/new"])[0])
    assert len(job.parts) == 4
    assert rows_of(job).drop_columns("modified").equals(rows_of(plain).drop_columns("modified"))


@slow
def test_photos_that_a_machine_does_not_see_end_the_job(ray_here, model, photos, job, tmp_path):
    elsewhere = WaitingPhotos(tmp_path / "gone", photos.states)
    with pytest.raises(InputError, match=r"gone: not on .*; let all machines see the photos"):
        on_ray(job, model, elsewhere)
    assert job.parts == []


@slow
def test_it_listens_on_loopback_alone_and_wants_a_token(ray_here):
    listening = {
        at.laddr.ip
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]
        for at in process.net_connections("inet")
        if at.status == psutil.CONN_LISTEN
    }
    assert listening and listening <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    assert os.environ["RAY_AUTH_MODE"] == "token" and len(os.environ["RAY_AUTH_TOKEN"]) == 64


@slow
@pytest.mark.parametrize("rows_after", [0, 1])
def test_a_ctrl_c_that_went_by_ends_it_at_the_next_row(rows_after):
    def rows() -> Iterator[dict]:
        yield {"number": 0}
        with suppress(KeyboardInterrupt):  # as where an object is freed
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        yield from [{"number": 1}] * rows_after

    before, seen = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt):
        for row in ray_data._stopped_by_ctrl_c(rows()):
            seen.append(row["number"])
    assert seen == [0] and signal.getsignal(signal.SIGINT) is before


def test_no_cluster_is_one_line():
    skip_without_ray()
    with pytest.raises(
        InputError, match=r"--engine ray: no cluster answers at nowhere \(.*\); corr"
    ):
        with ray_session("nowhere"):
            pass
