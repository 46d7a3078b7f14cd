"""Photos in S3 are found and labelled like those in a folder; moto's server stands in for S3."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.inference.photos import pixels_of
from pipeline.inference.s3_photos import S3Photo, find_in_s3, is_in_s3
from pipeline.labelling.bulk import detect_into
from pipeline.labelling.job import open_job
from pipeline.labelling.photo_files import named_photos, states_of
from pipeline.labelling.waiting import WaitingPhotos
from tests.inference.making import detector_of, photo_file
from tests.labelling.test_job import ASKED, rows_of
from tests.s3_server import BUCKET, s3_server

NAMES = ["a.png", "broken.png", "sub/b.png"]
pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("in-s3")
    for seed, name in enumerate(["a.png", "sub/b.png", ".hidden/c.png"]):
        photo_file(folder / name, seed=seed)
    (folder / "broken.png").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("no photo either")
    return folder


@pytest.fixture(scope="module")
def environment(folder):
    with s3_server(folder) as environment:
        yield environment


@pytest.fixture
def store(environment, monkeypatch) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/new"


def test_photos_are_found_by_name(store, folder):
    for address in (store, f"{store}/"):
        found = find_in_s3(address)
        assert list(found) == NAMES
        assert {name: photo.size for name, photo in found.items()} == {
            name: (folder / name).stat().st_size for name in NAMES
        }
        assert all(photo.modified > 1.7e18 for photo in found.values())
    assert str(found["sub/b.png"]) == f"{store}/sub/b.png"
    assert is_in_s3(store) and not is_in_s3("photos/s3")


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("s3://nobody/new", "s3://nobody/new: cannot be listed .*NO_SUCH_BUCKET.*; check bucket"),
        (f"s3://{BUCKET}/old", f"s3://{BUCKET}/old: cannot be listed .*; check bucket"),
        (f"s3://{BUCKET}/new/.hidden/", "no photo below it"),
    ],
)
def test_a_place_without_photos_is_named(store, place, line):
    if place.endswith(".hidden/"):
        assert list(find_in_s3(place)) == ["c.png"]  # named, so it is meant
    else:
        with pytest.raises(InputError, match=line):
            find_in_s3(place)


def test_they_are_labelled_alone(store, folder):
    with pytest.raises(InputError, match="photos in S3 are labelled on their own; name one prefix"):
        named_photos([store, str(folder)])


def test_rows_are_those_of_the_folder(store, folder, tmp_path):
    photos, unnamed, place = named_photos([store])
    assert (unnamed, place) == ([], store)
    here = WaitingPhotos.of(folder, states_of([(name, folder / name) for name in NAMES], []))
    jobs = [open_job(tmp_path / name, ASKED, restart=False) for name in ("s3", "here")]
    for job, waiting in zip(jobs, (photos, here), strict=True):
        detect_into(job, detector_of("ssd_fpn"), waiting)
    in_s3, in_folder = (rows_of(job).drop_columns("modified") for job in jobs)
    assert in_s3.equals(in_folder)
    assert in_s3["error"].to_pylist()[1].startswith("does not decode")


def test_a_photo_is_shown(store, folder):
    photo = find_in_s3(store)["a.png"]
    assert pixels_of(photo).equal(pixels_of(folder / "a.png"))


def test_a_photo_that_is_gone_is_refused_and_a_server_that_is_gone_is_not(store, monkeypatch):
    gone = S3Photo(f"{BUCKET}/new/gone.png", 5, 5)
    detector = detector_of("ssd_fpn")
    [refused] = detector.stream_all([gone])
    assert str(refused) == f"{store}/gone.png: photo: no such file; add it, or leave it out"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(OSError, match=r"gone\.png"):
        list(detector.stream_all([gone]))
