"""A set is copied file by file, whatever its layout; folders that are not a set are refused."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.formats.layout import find_set
from pipeline.sources.copies import copy_set
from tests.data.making import CAT, SIZE, files_in, voc


def write_photo(path: Path, size: tuple[int, int] = (6, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path)


def write_labels(
    file: Path, *names: str, bbox: tuple[int, ...] = (0, 0, 2, 2), **extra: object
) -> Path:
    """Write Pascal JSON with these file names and one object in the first photo."""
    file.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": k, "file_name": name} | extra for k, name in enumerate(names)]
    item = {"id": 1, "image_id": 0, "category_id": 1, "bbox": bbox}
    categories = [{"id": 1, "name": "cat"}]
    file.write_text(json.dumps({"images": images, "annotations": [item], "categories": categories}))
    return file


def copied(folder: Path, out: Path, labels: str = "") -> list[str]:
    """Copy a set and return the paths of the copies."""
    copy_set(find_set(folder, labels=labels), out)
    return sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file())


def test_labels_and_photos_keep_their_places(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "in/labels.json", "a.png", "sub/b.png")
    write_photo(tmp_path / "in/images/a.png")
    write_photo(tmp_path / "in/images/sub/b.PNG")
    (tmp_path / "in/notes.txt").write_text("not of the set")
    expected = ["images/a.png", "images/sub/b.PNG", "labels.json"]
    assert copied(tmp_path / "in", tmp_path / "out") == expected
    assert (tmp_path / "out/labels.json").read_bytes() == labels.read_bytes()


def test_labels_are_not_opened(tmp_path: Path) -> None:
    write_photo(tmp_path / "in/a.png")
    (tmp_path / "in/labels.json").write_text("{ no JSON")
    assert copied(tmp_path / "in", tmp_path / "out") == ["a.png", "labels.json"]


def test_labels_in_a_folder_of_their_own_or_named_directly(tmp_path: Path) -> None:
    write_labels(tmp_path / "in/annotations/one.json", "a.png")
    write_photo(tmp_path / "in/train2017/a.png")
    expected = ["annotations/one.json", "train2017/a.png"]
    assert copied(tmp_path / "in", tmp_path / "out") == expected
    write_labels(tmp_path / "in/annotations/two.json", "a.png")
    named = copied(tmp_path / "in", tmp_path / "more", "annotations/two.json")
    assert named == ["annotations/two.json", "train2017/a.png"]


@pytest.mark.parametrize("depth", ["", "set", "VOCdevkit/VOC2007"])
def test_voc_folders_are_found_up_to_two_levels_below(tmp_path: Path, depth: str) -> None:
    folder = voc(tmp_path / "in" / depth, {"a": SIZE + CAT}, train="a")
    (folder / "SegmentationClass").mkdir()
    write_photo(folder / "SegmentationClass/a.png")
    expected = ["Annotations/a.xml", "ImageSets/Main/train.txt", "JPEGImages/a.jpg"]
    assert copied(tmp_path / "in", tmp_path / "out") == expected


def test_photos_are_copied_not_linked(tmp_path: Path) -> None:
    write_photo(tmp_path / "elsewhere/real.png")
    write_labels(tmp_path / "in/labels.json", "link.png")
    os.symlink(tmp_path / "elsewhere/real.png", tmp_path / "in/link.png")
    os.symlink(tmp_path / "in", tmp_path / "in/round")
    assert copied(tmp_path / "in", tmp_path / "out") == ["labels.json", "link.png"]
    copy = tmp_path / "out/link.png"
    assert not copy.is_symlink()
    assert copy.stat().st_nlink == 1
    assert copy.read_bytes() == (tmp_path / "elsewhere/real.png").read_bytes()


def test_the_set_may_be_a_link_but_no_folder_in_it(tmp_path: Path) -> None:
    write_photo(tmp_path / "elsewhere/sub/real.png")
    write_labels(tmp_path / "elsewhere/labels.json", "real.png")
    os.symlink(tmp_path / "elsewhere", tmp_path / "set")
    assert copied(tmp_path / "set", tmp_path / "out") == ["labels.json", "sub/real.png"]
    write_labels(tmp_path / "in/labels.json", "real.png")
    os.symlink(tmp_path / "elsewhere", tmp_path / "in/images")
    with pytest.raises(
        InputError, match=r"in/images: is a link to a folder, which DVC does not wat"
    ):
        copied(tmp_path / "in", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_labels_without_photos_are_refused(tmp_path: Path) -> None:
    write_labels(tmp_path / "in/labels.json", "a.png")
    with pytest.raises(InputError, match=r"in: holds no photo; set fetch.path"):
        copied(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_where_the_photos_of_yolos_labels_go_is_told(tmp_path: Path) -> None:
    files_in(tmp_path / "in", {"data.yaml": "names: [cat]\n", "labels/a.txt": ""})
    with pytest.raises(InputError, match=r"in: holds no photo; put the photos .* into .*in/images"):
        copied(tmp_path / "in", tmp_path / "out")


def test_hidden_files_are_no_photos(tmp_path: Path) -> None:
    write_labels(tmp_path / "in/labels.json", "a.png")
    for name in ("a.png", "._a.png", "__MACOSX/a.png", ".ipynb_checkpoints/a.png"):
        write_photo(tmp_path / "in" / name)
    assert copied(tmp_path / "in", tmp_path / "out") == ["a.png", "labels.json"]
