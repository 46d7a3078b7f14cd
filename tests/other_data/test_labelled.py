"""Folders of labels that no stage has fetched."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.registry import FORMATS
from pipeline.other_data.labelled import opened, read_labelled
from tests.data.making import SMALL, pascal
from tests.other_data.making import PHOTOS, labelled_folder


def test_labels_come_with_photos_sizes_and_pixels(tmp_path):
    labels = read_labelled(labelled_folder(tmp_path / "mine"))
    assert labels.images["photo"].to_pylist() == list(PHOTOS)
    assert labels.boxes[0].tolist() == [0, 0, 10, 10]
    assert labels.images["turned"].to_pylist() == [True] * 3


def test_the_photos_of_one_split(tmp_path):
    folder = labelled_folder(tmp_path / "mine")
    assert read_labelled(folder, split="val").images["file_name"].to_pylist() == ["1.jpg"]
    with pytest.raises(InputError, match=r"no photo of the split 'test'; there are train, val"):
        read_labelled(folder, split="test")


def test_scores_of_labels_do_not_count(tmp_path):
    source = pascal(SMALL)
    source["annotations"][0]["score"] = 0.4
    labels = read_labelled(labelled_folder(tmp_path / "mine", source))
    assert labels.scores is None
    note = "scores of 1 object do not count: all labels are taken as true, even a model's"
    assert labels.notes == (note,)


def test_messages_name_the_options_of_the_command(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no labels that are known") as refused:
        read_labelled(empty)
    first, *below = str(refused.value).splitlines()
    assert first.endswith("; name the set's own folder, which holds one of these:")
    assert [line.partition(":")[0] for line in below] == [f"  {one.name}" for one in FORMATS]
    with pytest.raises(InputError, match=r"no such folder; name the labelled photos$"):
        read_labelled(tmp_path / "absent")
    folder = labelled_folder(tmp_path / "mine")
    (folder / "labels.csv").write_text("file_name,class,xmin,ymin,xmax,ymax\n0.jpg,cat,1,2,3,4\n")
    with pytest.raises(InputError, match=r"2 kinds, .*; set --format, or --labels to the file"):
        read_labelled(folder)
    labelled_folder(tmp_path / "both/one")
    labelled_folder(tmp_path / "both/two")
    with pytest.raises(InputError, match=r"holds 2 sets, pascal .*; name the folder of one$"):
        read_labelled(tmp_path / "both")
    assert len(read_labelled(folder, "csv").rows) == 1
    assert len(read_labelled(folder, labels="labels.json").rows) == len(SMALL)


def test_photos_beside_the_set_are_refused_without_parameters_of_the_stage(tmp_path):
    labelled_folder(tmp_path / "mine")
    (tmp_path / "x.jpg").touch()
    with pytest.raises(InputError, match=r"1 photo lies outside .*; name \S*/mine$"):
        read_labelled(tmp_path)


def test_a_missing_photo_is_named(tmp_path):
    folder = labelled_folder(tmp_path / "mine")
    (folder / "1.jpg").unlink()
    with pytest.raises(InputError, match=r"labels.json: photo '1.jpg' is missing below .*; add"):
        read_labelled(folder)


def test_archives_are_open_for_the_block(tmp_path):
    folder = labelled_folder(tmp_path / "mine")
    with tarfile.open(folder / "photos.tar", "w") as tar:
        for name in PHOTOS:
            tar.add(folder / name, name)
            (folder / name).unlink()
    before = sorted(folder.iterdir())
    with opened(folder, tmp_path / "scratch") as place:
        assert np.count_nonzero(read_labelled(place).ignore) == 1
    assert not (tmp_path / "scratch").exists() and sorted(folder.iterdir()) == before


def test_without_archives_nothing_is_copied(tmp_path):
    folder = labelled_folder(tmp_path / "mine")
    with opened(folder, tmp_path / "scratch") as place:
        assert place == folder and not (tmp_path / "scratch").exists()


def test_a_file_is_no_folder(tmp_path):
    file = Path(labelled_folder(tmp_path / "mine") / "labels.json")
    with (
        pytest.raises(InputError, match=r"labels.json: is a file; name its folder"),
        opened(file, tmp_path / "scratch"),
    ):
        pass
