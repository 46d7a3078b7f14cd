"""Photos become rows of parts, in the same batches whether the job was stopped or not."""

from pathlib import Path

import pyarrow.compute as pc
import pytest

from pipeline.labelling import bulk
from pipeline.labelling.bulk import detect_into
from pipeline.labelling.job import open_job
from pipeline.labelling.photo_files import states_of
from pipeline.labelling.refusals import were_read
from pipeline.labelling.waiting import WaitingPhotos, without_done
from tests.inference.making import detector_of, photo_file
from tests.labelling.test_job import ASKED, rows_of

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


def photos_of(folder: Path, number: int) -> WaitingPhotos:
    folder.mkdir()
    photos = {f"{at}.png": photo_file(folder / f"{at}.png") for at in range(number)}
    (folder / "2.png").write_bytes(b"no photo")
    return WaitingPhotos.of(folder, states_of(photos.items(), []))


def test_parts_of_a_stopped_job_are_those_of_one_that_was_not(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "PHOTOS_A_PART", 4)
    photos = photos_of(tmp_path / "photos", 10)
    jobs = [open_job(tmp_path / name, ASKED, restart=False) for name in ("whole", "stopped")]
    detect_into(jobs[0], detector_of("ssd_fpn", batch_size=2), without_done(photos, jobs[0].done()))
    for end in (4, 8, 10):
        waiting = without_done(photos[:end], jobs[1].done())
        detect_into(jobs[1], detector_of("ssd_fpn", batch_size=2), waiting)
    contents = [[part.read_bytes() for part in job.parts] for job in jobs]
    assert len(contents[0]) == 3
    assert contents[0] == contents[1]
    rows = rows_of(jobs[0]).to_pylist()
    assert [row["file_name"] for row in rows] == [one.name for one in photos]
    assert rows[2]["error"].startswith("does not decode")
    assert rows[2]["width"] is None
    assert len(rows[0]["box"]) == 4 * len(rows[0]["label"]) == 4 * len(rows[0]["score"])
    assert rows[0]["bytes"] == photos[0].size


def test_files_that_cannot_be_read_are_told_from_broken_photos(tmp_path):
    photos = photos_of(tmp_path / "photos", 5)
    for name in ("3.png", "4.png"):
        (tmp_path / "photos" / name).unlink()
    (tmp_path / "photos/4.png").mkdir()
    job = open_job(tmp_path / "job", ASKED, restart=False)
    detect_into(job, detector_of("ssd_fpn"), photos)
    assert len(job.done().filter(pc.is_valid(job.done()["error"]))) == 3
    assert were_read(job.done()).to_pylist() == [True, True, True, False, False]


def test_a_part_is_a_whole_number_of_batches(tmp_path):
    with pytest.raises(ValueError, match="not a whole number of batches"):
        detect_into(
            open_job(tmp_path, ASKED, restart=False), detector_of("ssd_fpn", batch_size=3), []
        )
