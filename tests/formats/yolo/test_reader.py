"""YOLO folders: which are found, and boxes that can be checked by hand."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.formats.layout import find_set
from pipeline.sources.copies import copy_set
from tests.data.making import files_in

YAML = "train: images/train\nval: images/val\nnames: [cat, dog]\n"


def read(root: Path, labels: str = "") -> Labels:
    found = find_set(root, labels=labels)
    assert found.format.name == "yolo"
    return found.format.read(found)


def pixels(found: Labels) -> list[list[float]]:
    """Return the boxes in pixels of the photos that `files_in` writes."""
    assert found.shares is None or found.shares.all()
    return (found.boxes * [200, 100, 200, 100]).tolist()


def test_a_photo_without_text_has_no_objects(tmp_path: Path) -> None:
    found = read(files_in(tmp_path, {"data.yaml": YAML, "images/train/a.bmp": None}))
    assert found.images.to_pylist() == [
        {"id": 1, "file_name": "images/train/a.bmp", "width": None, "height": None}
        | {"split": "train"}
    ]
    assert (found.classes, found.boxes.shape, found.scores) == (["cat", "dog"], (0, 4), None)


def test_boxes_by_hand(tmp_path: Path) -> None:
    files = {
        "data.yaml": YAML,
        "images/val/b.bmp": None,
        "images/train/a.bmp": None,
        "labels/val/b.txt": "1 0.5 0.5 0 0\n1 0.25 0.5 0.5 0.5\n",
        "labels/train/a.txt": "0 0 0 0.5 0 0.5 0.2\n",
        "labels/train/lost.txt": "0 0.5 0.5 1 1\n",
    }
    found = read(files_in(tmp_path, files))
    assert pixels(found) == [[0, 0, 100, 20], [100, 50, 0, 0], [0, 25, 100, 50]]
    assert (found.rows.tolist(), found.labels.tolist()) == ([0, 1, 1], [0, 1, 1])
    assert found.notes == (
        "1 outline or turned box counts as the box around it",
        "1 label file belongs to no photo of a split, or to one with another, and is left out, "
        "labels/train/lost.txt the first",
    )


@pytest.mark.parametrize(
    "names",
    [
        ("data.yaml", "images/train/a.bmp", "labels/train/a.txt"),
        ("coco8.yml", "train/images/a.bmp", "train/labels/a.txt"),
        ("classes.txt", "a.bmp", "a.txt"),
        ("obj.names", "obj_train_data/a.bmp", "obj_train_data/a.txt"),
        ("labels/classes.txt", "images/a.bmp", "labels/a.txt"),
        ("classes.txt", "images/a.bmp", "images/a.txt"),
        ("classes.txt", "train/images/a.bmp", "train/images/a.txt"),
        ("data.yaml", "images/train/a.bmp", "images/train/a.txt"),
        ("README.md", "images/a.bmp", "labels/a.txt"),
        ("README.md", "images/train/a.bmp", "labels/train/a.txt"),
        ("README.md", "valid/images/a.bmp", "valid/labels/a.txt"),
        ("notes.json", "images/a.bmp", "labels/a.txt"),  # Label Studio adds it
    ],
)
def test_layouts_are_found_and_their_copies_too(tmp_path: Path, names: tuple[str, ...]) -> None:
    first, photo, text = names
    folder = Path(photo).parent.as_posix()
    yaml = (
        f"train: {folder}\nnames: [cat]\n" if Path(first).suffix in (".yaml", ".yml") else "cat\n"
    )
    files_in(tmp_path / "set", {first: yaml, photo: None, text: "0 0.5 0.5 1 1\n"})
    found = find_set(tmp_path / "set")
    copy_set(found, tmp_path / "copy")
    copied = read(tmp_path / "copy")
    assert copied.images["file_name"].to_pylist() == [photo]
    assert pixels(copied) == [[0, 0, 200, 100]]
    assert copied.classes == (["class_0"] if first in ("README.md", "notes.json") else ["cat"])


@pytest.mark.parametrize(
    "yaml",
    [
        "\"names\": [cat, dog]\n'train': images\n",
        "\ufeffnames: [cat, dog]\ntrain: images\n",
        "names: [cat, dog]\nnc: 2\n",
        "\ufeff'names': {0: cat, 1: dog}\n",
    ],
)
def test_a_yaml_with_quotes_a_mark_or_no_splits_names_the_classes(
    tmp_path: Path, yaml: str
) -> None:
    files_in(tmp_path, {"images/a.bmp": None, "labels/a.txt": "1 0.5 0.5 1 1\n"})
    (tmp_path / "data.yaml").write_text(yaml, encoding="utf-8")
    assert read(tmp_path).classes == ["cat", "dog"]
    (tmp_path / "data.yaml").write_text(yaml.lstrip("\ufeff"), encoding="utf-16")
    with pytest.raises(InputError, match=r"data.yaml: not text in UTF-8; correct it, or export"):
        read(tmp_path)


@pytest.mark.parametrize(
    "yaml",
    [
        "services:\n  web:\n    names: [cat]\n    train: images\n",
        "train:\n  epochs: 3\nval: true\nmodel: yolo.pt\n",
        "nc: 80\nbackbone:\n- [-1, 1, Conv]\n",
    ],
)
def test_other_yaml_beside_labels_names_nothing(tmp_path: Path, yaml: str) -> None:
    text = {"images/a.bmp": None, "labels/a.txt": "0 0.5 0.5 1 1\n"}
    assert read(files_in(tmp_path, {"other.yaml": yaml, **text})).classes == ["class_0"]


def test_other_yaml_and_lists_of_names_alone_are_no_set(tmp_path: Path) -> None:
    files_in(tmp_path, {"params.yaml": "names: [cat]\n", "classes.txt": "cat\n", "a.jpg": ""})
    with pytest.raises(InputError, match="no labels that are known"):
        find_set(tmp_path)


def test_one_of_several_yaml_is_named(tmp_path: Path) -> None:
    files = {"a.yaml": YAML, "b.yaml": YAML.replace("dog", "cow"), "images/train/a.bmp": None}
    files_in(tmp_path, files)
    with pytest.raises(InputError, match=r"2 YAML files \(a.yaml, b.yaml\); set fetch.labels"):
        find_set(tmp_path)
    assert read(tmp_path, "b.yaml").classes == ["cat", "cow"]


def test_scores_of_a_model(tmp_path: Path) -> None:
    text = "0 0.5 0.5 1 1 0.25\n0 0.5 0.5 1 1\n"
    found = read(files_in(tmp_path, {"classes.txt": "cat\n", "a.bmp": None, "a.txt": text}))
    np.testing.assert_equal(found.scores, np.array([0.25, np.nan], np.float32))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"labels/a.txt": "2 0.5 0.5 1 1\n"}, r"a.txt: class 2 is not among the 1 names in .*c"),
        ({"labels/a.txt": "0 50 50 9 9\n"}, r"labels/a.txt: line 1: .* has a number outside 0..1"),
        ({"classes.txt": "cat\ncat\n"}, r"classes.txt: names: 'cat' occurs twice"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, files: dict, message: str) -> None:
    files_in(tmp_path, {"classes.txt": "cat\n", "images/a.bmp": None, "labels/a.txt": "", **files})
    with pytest.raises(InputError, match=message):
        read(tmp_path)


def test_without_photos_it_is_refused(tmp_path: Path) -> None:
    message = r"holds labels and no photo; put the photos into .*/images, each in the folder"
    for files in ({"labels/a.txt": ""}, {"data.yaml": YAML}):
        with pytest.raises(InputError, match=message):
            read(files_in(tmp_path, files))


def test_texts_are_found_whatever_their_case_and_accents(tmp_path: Path) -> None:
    name = "caf\u00e9"
    files = {
        "classes.txt": "cat\n",
        f"Images/{name}.bmp": None,
        f"Labels/{unicodedata.normalize('NFD', name)}.TXT": "0 0.5 0.5 1 1\n",
    }
    found = read(files_in(tmp_path, files))
    assert pixels(found) == [[0, 0, 200, 100]]


def test_a_text_for_two_photos_is_refused(tmp_path: Path) -> None:
    files = {
        "classes.txt": "cat\n",
        **{f"images/{photo}": None for photo in ("a.bmp", "a.BMP")},
        "labels/a.txt": "0 0.5 0.5 1 1\n",
    }
    files_in(tmp_path, files)
    with pytest.raises(InputError, match=r"a.txt: belongs to images/a.BMP and to images/a.bmp"):
        read(tmp_path)


def test_the_names_in_the_folders_of_splits(tmp_path: Path) -> None:
    files = {"train/images/a.bmp": None, "valid/images/b.bmp": None}
    files |= {f"{split}/labels/classes.txt": "cat\ndog\n" for split in ("train", "valid")}
    files |= {"train/labels/a.txt": "0 0.5 0.5 1 1\n", "valid/labels/b.txt": "1 0.5 0.5 1 1\n"}
    assert read(files_in(tmp_path, files)).classes == ["cat", "dog"]
    files_in(tmp_path, {"valid/labels/classes.txt": "dog\ncat\n"})
    message = r"valid/labels/classes.txt: its names or their order differ from .*/train/labels/"
    with pytest.raises(InputError, match=message):
        read(tmp_path)


def test_photos_that_differ_in_case_have_each_their_own_text(tmp_path: Path) -> None:
    files = {f"images/{stem}.bmp": None for stem in "Aa"} | {"classes.txt": "cat\n"}
    files |= {"labels/A.txt": "0 0.5 0.5 1 1\n", "labels/a.txt": "0 0.25 0.5 0.5 1\n"}
    found = read(files_in(tmp_path, files))
    assert found.images["file_name"].to_pylist() == ["images/A.bmp", "images/a.bmp"]
    assert pixels(found) == [[0, 0, 200, 100], [0, 0, 100, 100]]


def test_texts_of_objects_without_a_photo_are_noted_wherever_they_lie(tmp_path: Path) -> None:
    line = "0 0.5 0.5 1 1\n"
    files = {"obj.names": "cat\n", "a.bmp": None, "a.txt": line, "x.bmp": None}
    files |= {"lost.txt": line, "x.bmp.txt": line, "README.txt": "0 of 5\n", "e/b.txt": line}
    assert read(files_in(tmp_path, files)).notes == (
        "3 label files belong to no photo of a split, or to one with another, and are left out, "
        "e/b.txt the first",
    )


@pytest.mark.parametrize("folder", ["label", "labels_yolo"])
def test_a_split_without_label_files_is_noted(tmp_path: Path, folder: str) -> None:
    line = "0 0.5 0.5 1 1\n"
    files = {"data.yaml": "train: train/images\nval: valid/images\nnames: [cat]\n"}
    files |= {f"{photo}.bmp": None for photo in ("train/images/a", "valid/images/b")}
    files |= {"train/labels/a.txt": line, f"valid/{folder}/b.txt": line}
    assert read(files_in(tmp_path, files)).notes == (
        "no photo of val has a label file, such as valid/labels/b.txt, so they all count as "
        "background: 1",
        "1 label file belongs to no photo of a split, or to one with another, and is left out, "
        f"valid/{folder}/b.txt the first",
    )
    files_in(tmp_path, {"valid/labels/b.txt": ""})  # which says that there is no object
    assert len(read(tmp_path).notes) == 1


def test_a_set_whose_label_files_fit_no_photo_is_noted(tmp_path: Path) -> None:
    files = {f"JPEGImages/{stem}.bmp": None for stem in "ab"} | {"classes.txt": "cat\n"}
    files |= {f"labels/{stem}.txt": "0 0.5 0.5 1 1\n" for stem in "ab"}
    assert read(files_in(tmp_path, files)).notes == (
        "no photo has a label file, such as JPEGImages/a.txt, so they all count as background: 2",
        "2 label files belong to no photo of a split, or to one with another, and are left out, "
        "labels/a.txt the first",
    )


def test_texts_beside_photos_in_images_count_where_labels_has_none(tmp_path: Path) -> None:
    files = {"data.yaml": "train: train/images\nval: valid/images\nnames: [cat]\n"}
    files |= {f"{photo}.bmp": None for photo in ("train/images/a", "valid/images/b")}
    files |= {"train/labels/a.txt": "0 0.5 0.5 1 1\n", "valid/images/b.txt": "0 0.5 0.5 0.5 1\n"}
    found = read(files_in(tmp_path, files))
    assert pixels(found) == [[0, 0, 200, 100], [50, 0, 100, 100]]
    assert (found.rows.tolist(), found.notes) == ([0, 1], ())
    again = read(files_in(tmp_path, {"train/images/a.txt": "0 0.5 0.5 0.5 1\n"}))
    assert pixels(again) == pixels(found)
    assert again.notes == (
        "1 label file belongs to no photo of a split, or to one with another, and is left out, "
        "train/images/a.txt the first",
    )


def test_other_texts_beside_photos_in_images_make_no_set(tmp_path: Path) -> None:
    files_in(tmp_path, {"classes.txt": "cat\n", "images/a.bmp": None, "images/a.txt": "a cat\n"})
    with pytest.raises(InputError, match="no labels that are known"):
        find_set(tmp_path)


def test_keypoints_that_no_yaml_tells_of_are_not_taken_for_outlines(tmp_path: Path) -> None:
    pose = "0 0.5 0.5 0.2 0.4 0.45 0.4 1 0.55 0.4 1 0.45 0.6 0 0.55 0.6 1\n"
    files_in(tmp_path, {"classes.txt": "cat\n", "images/a.bmp": None, "labels/a.txt": pose * 2})
    message = r"2 lines may be outlines or boxes with 4 keypoints .*; give kpt_shape: \[4, 3\] in"
    with pytest.raises(InputError, match=message):
        read(tmp_path)
    files_in(tmp_path, {"labels/a.txt": pose.replace("0.4 1", "0.4 2")})
    with pytest.raises(
        InputError, match=r"outside 0..1; .* or kpt_shape: \[4, 3\] in data.yaml if"
    ):
        read(tmp_path)
    files_in(tmp_path, {"labels/a.txt": pose, "data.yaml": YAML + "kpt_shape: [4, 3]\n"})
    files_in(tmp_path, {"images/train/a.bmp": None, "labels/train/a.txt": pose})
    assert pixels(read(tmp_path)) == [pytest.approx([80, 30, 40, 40])]


def test_an_outline_that_touches_the_edge_among_others_is_one(tmp_path: Path) -> None:
    lines = "0 0 0 .5 0 .5 .5 1 .5 0 1\n0 .1 .2 .3 .4 .5 .6 .7 .8 .9 .9\n"
    files_in(tmp_path, {"classes.txt": "cat\n", "images/a.bmp": None, "labels/a.txt": lines})
    assert len(read(tmp_path).boxes) == 2
