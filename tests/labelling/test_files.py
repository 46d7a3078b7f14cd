"""Files of labels are replaced where they are the job's own, and never otherwise."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.labelling.files import (
    FORMAT_NAMES,
    LabelFile,
    digest_of,
    format_of,
    job_folder,
    label_files,
    left_behind,
    place_of_labels,
    refuse_others,
    refused_file,
    write_labels,
)
from pipeline.labelling.job import LabelJob, open_job
from pipeline.labelling.refusals import Refusal, write_refusals
from tests.labelling.test_job import ASKED
from tests.labelling.test_labels import labels_of, photo

LABELS = labels_of(photo(([1, 2, 31.5, 22], 1, 0.75)))
NOTHING = labels_of(photo())


@pytest.fixture
def job(tmp_path: Path) -> LabelJob:
    return open_job(tmp_path / ".labels.job", ASKED, restart=False)


def refused_of(job: LabelJob) -> Path:
    return job.folder.with_name("labels.refused.csv")


@pytest.mark.parametrize("out", ["new/labels.json", "new/labels", "new/labels.csv"])
def test_all_formats_lie_beside_each_other(out: str) -> None:
    files = label_files(Path(out), ["pascal", "yolo", "label-studio", "csv", "csv"])
    assert [str(file.path) for file in files] == [
        *("new/labels.json", "new/labels.yolo", "new/labels.label-studio.json", "new/labels.csv")
    ]
    assert job_folder(Path(out)) == Path("new/.labels.job")


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_own_files_are_replaced_and_changed_ones_are_not(job: LabelJob, name: str) -> None:
    [file] = label_files(job.folder.parent / "labels", [name])
    refuse_others([file], job, refused_of(job))
    write_labels(file, [LABELS], job)
    one = digest_of(file.path)
    write_labels(file, [NOTHING], job)
    assert digest_of(file.path) != one
    again = open_job(job.folder, ASKED, restart=False)
    refuse_others([file], again, refused_of(again))
    changed = max(file.path.rglob("*")) if file.path.is_dir() else file.path
    changed.write_bytes(b"by hand")
    with pytest.raises(InputError, match=r"is there already, or was changed since it was written"):
        refuse_others([file], again, refused_of(again))
    assert not list(job.folder.parent.glob(".*partial"))


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_job_in_which_every_photo_was_refused(job: LabelJob, name: str) -> None:
    [file] = label_files(job.folder.parent / "labels", [name])
    assert write_labels(file, [labels_of()], job) == ()
    assert file.path.exists()


def test_a_link_that_a_person_has_put_among_the_labels_is_a_change(job: LabelJob) -> None:
    [file] = label_files(job.folder.parent / "labels", ["yolo"])
    write_labels(file, [LABELS], job)
    (file.path / "images").symlink_to(job.folder.parent, target_is_directory=True)
    with pytest.raises(InputError, match="was changed since it was written"):
        refuse_others([file], job, refused_of(job))


def test_the_file_of_somebody_else_is_refused(job: LabelJob) -> None:
    file = LabelFile("pascal", job.folder.parent / "labels.json")
    file.path.write_text("mine")
    with pytest.raises(InputError, match="--out names another place, --overwrite replaces it"):
        refuse_others([file], job, refused_of(job))


def test_a_list_of_refusals_that_somebody_else_has_written_is_refused(job: LabelJob) -> None:
    write_refusals(refused_of(job), [Refusal("a.jpg", "damaged")])
    refuse_others([], job, refused_of(job))
    refused_of(job).write_text("my,own,list\n")
    with pytest.raises(
        InputError, match=r"refused\.csv: is there already and is not a list of refused"
    ):
        refuse_others([], job, refused_of(job))
    write_refusals(refused_of(job), [])
    assert refused_of(job).read_text() == "my,own,list\n"


def test_a_journal_that_cannot_be_written_leaves_nothing_beside_the_labels(
    job: LabelJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LabelFile("pascal", job.folder.parent / "labels.json")

    def full(self: LabelJob) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LabelJob, "save", full)
    with pytest.raises(OSError, match="No space left"):
        write_labels(file, [LABELS], job)
    assert not list(job.folder.parent.glob("*labels*"))


def test_a_kill_before_the_rename_leaves_the_old_labels_and_a_job_that_goes_on(
    job: LabelJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LabelFile("pascal", job.folder.parent / "labels.json")
    write_labels(file, [LABELS], job)
    before = file.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.labelling.files.os.replace", None)
        with pytest.raises(TypeError):
            write_labels(file, [NOTHING], job)
    assert file.path.read_bytes() == before
    again = open_job(job.folder, ASKED, restart=False)
    refuse_others([file], again, refused_of(again))
    write_labels(file, [NOTHING], again)
    assert file.path.read_bytes() != before


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_labels_of_an_earlier_run_are_a_place_for_labels(job: LabelJob, name: str) -> None:
    [file] = label_files(job.folder.parent / "labels", [name])
    for _ in range(2):
        assert place_of_labels(file.path, job.folder.parent) == file.path
        write_labels(file, [LABELS], job)


@pytest.mark.parametrize("name", ["new", "labels.json", "labels.csv"])
def test_any_other_folder_is_no_place_for_labels(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=rf"{name}: is a folder; name the file to write"):
        place_of_labels(tmp_path / name, tmp_path)


def test_rows_of_parquet(job: LabelJob) -> None:
    file = LabelFile("parquet", job.folder.parent / "labels.parquet")
    write_labels(file, [LABELS], job)
    assert pq.read_table(file.path).to_pylist() == [
        {
            **{"file_name": "a.jpg", "width": 60, "height": 40, "name": "dog", "score": 0.75},
            **{"ignore": False, "xmin": 1, "ymin": 2, "xmax": 31.5, "ymax": 22},
        }
    ]


def test_photos_that_parquet_cannot_hold_are_counted(job: LabelJob) -> None:
    file = LabelFile("parquet", job.folder.parent / "labels.parquet")
    assert write_labels(file, [LABELS], job) == ()
    told = "2 photos without boxes are left out, as each row is a box"
    assert write_labels(file, [NOTHING, LABELS, NOTHING], job) == (told,)


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        *(("l.json", "pascal"), ("l", "pascal"), ("l.csv", "csv"), ("set.v1", "pascal")),
        *(("l.coco.json", "coco"), ("l.label-studio.json", "label-studio"), ("l.yolo", "yolo")),
    ],
)
def test_the_ending_says_the_format(out: str, expected: str) -> None:
    assert format_of(Path(out)) == expected


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_file_that_is_named_by_its_own_ending_is_that_file(name: str) -> None:
    [file] = label_files(Path("new/labels"), [name])
    assert label_files(file.path, [format_of(file.path)]) == [file]


def test_formats_of_an_earlier_run_are_named(job: LabelJob) -> None:
    pascal, yolo = label_files(job.folder.parent / "labels.json", ["pascal", "yolo"])
    for file in (pascal, yolo):
        write_labels(file, [LABELS], job)
    assert left_behind([pascal, yolo], job) == []
    assert left_behind([pascal], job) == [yolo.path]


def test_lists_of_refusals_of_two_versions_stay_apart() -> None:
    files = [refused_file(Path(f"out/set.v{number}.json")) for number in (1, 2)]
    assert files == [Path("out/set.v1.refused.csv"), Path("out/set.v2.refused.csv")]
