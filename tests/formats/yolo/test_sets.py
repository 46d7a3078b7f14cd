"""Names and splits of YOLO sets, in the layouts that tools export."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from ruamel.yaml import YAML

from pipeline.errors import InputError
from pipeline.formats.yolo.sets import YoloSet, read_yolo_set
from tests.data.making import files_in
from tests.formats.spoiled import spoiled


def photos(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def described(root: Path, text: str, name: str = "data.yaml") -> YoloSet:
    (root / name).write_text(text)
    return read_yolo_set(root, root / name)


@pytest.mark.parametrize(
    "text",
    [
        "names: [cat, dog]\nnc: 2\n",
        "names: {1: dog, 0: cat}\n",
        "names: {'1': dog, \"0\": cat}\n",
        "names:\n- cat\n- dog\nkpt_shape: [1, 3]\n",
    ],
)
def test_names_as_list_or_by_number(tmp_path: Path, text: str) -> None:
    photos(tmp_path, "images/a.jpg")
    found = described(tmp_path, text + "train: images\n")
    assert found.classes == ["cat", "dog"]
    assert found.splits == {"images/a.jpg": "train"}
    assert found.keypoints == (3 if "kpt" in text else 0)


def test_a_count_alone_gives_the_names_that_ultralytics_gives(tmp_path: Path) -> None:
    photos(tmp_path, "a.jpg")
    assert described(tmp_path, "nc: 2\ntrain: .\n").classes == ["class_0", "class_1"]
    assert described(tmp_path, "train: .\n").classes is None


def test_a_list_beside_the_texts_has_the_order_of_the_yaml(tmp_path: Path) -> None:
    photos(tmp_path, "images/a.jpg", "labels/a.txt")
    names = tmp_path / "labels/classes.txt"
    text = "names: [cat, dog]\ntrain: images\n"
    for alike in ("cat\ndog\n", "cat\n", "cat\ndog\nbird\n"):
        names.write_text(alike)
        assert described(tmp_path, text).classes == ["cat", "dog"]
    for text_of_count in ("nc: 2\ntrain: images\n", "names:\nnc: 2\ntrain: images\n"):
        assert described(tmp_path, text_of_count).classes == ["class_0", "class_1"]
    names.write_text("dog\ncat\n")
    with pytest.raises(InputError) as caught:
        described(tmp_path, text)
    assert str(caught.value) == (
        f"{names}: its names or their order differ from {tmp_path / 'data.yaml'}; "
        "number the classes alike in all label files and keep one list"
    )


def test_without_splits_the_folders_give_them(tmp_path: Path) -> None:
    photos(tmp_path, "images/train/a.jpg", "images/b.jpg")
    found = described(tmp_path, '"names": [cat]\n')
    assert (found.classes, found.notes) == (["cat"], ())
    assert found.splits == {"images/train/a.jpg": "train", "images/b.jpg": None}


@pytest.mark.parametrize(
    ("paths", "prefix"),
    [
        ("path: ../datasets/pets\ntrain: images/train\nval: images/val\n", "images/{}/"),
        ("train: ../train/images\nval: ../valid/images\ntest: ../test/images\n", "{}/images/"),
        ("path: /home/eve/pets\ntrain: images/train\nval: [images/val]\n", "images/{}/"),
        ("train: /content/pets/train/images\nval: /content/pets/val/images\n", "{}/images/"),
        (r"train: C:\pets\train\images" + "\n" + r"val: C:\pets\val\images" + "\n", "{}/images/"),
    ],
)
def test_paths_of_another_machine(tmp_path: Path, paths: str, prefix: str) -> None:
    val = "valid" if "valid" in paths else "val"
    names = [f"{prefix.format('train')}a.jpg", f"{prefix.format(val)}b.jpg"]
    photos(tmp_path, *names, "others/c.jpg")
    found = described(tmp_path, paths + "names: [cat]\n")
    assert found.splits == dict(zip(names, ("train", "val"), strict=True))
    absent = "1 place is named but absent: test (../test/images)"
    assert found.notes == ((absent,) if "test" in paths else ())


def test_lists_of_photos(tmp_path: Path) -> None:
    photos(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
    (tmp_path / "one.txt").write_text("./images/a.jpg\n\n/home/eve/images/b.jpg\n")
    (tmp_path / "two.txt").write_text("images/c.jpg\n")
    found = described(tmp_path, "train: [one.txt]\nval: two.txt\nnames: [cat]\n")
    assert list(found.splits.values()) == ["train", "train", "val"]


def test_a_listed_photo_in_another_folder_is_another(tmp_path: Path) -> None:
    photos(tmp_path, "images/train/a.jpg", "images/extra/b.jpg")
    (tmp_path / "train.txt").write_text("./images/train/b.jpg\n")
    with pytest.raises(
        InputError, match=r"line 1: .* \(the nearest is 'images/extra/b.jpg'\); add"
    ):
        described(tmp_path, "train: train.txt\nnames: [cat]\n")
    (tmp_path / "train.txt").write_text("/content/set/b.jpg\n")
    found = described(tmp_path, "train: train.txt\nnames: [cat]\n")
    assert found.splits == {"images/extra/b.jpg": "train"}
    assert found.notes == (
        "photos found by their names alone, in other folders: 1 (/content/set/b.jpg)",
    )


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ("images/train/*.jpg", ["images/train/a.jpg"]),
        ("/home/eve/set/images/train/*.[jp][pn]g", ["images/train/a.jpg", "images/train/b.png"]),
        ("images/**/*.png", ["images/train/b.png", "images/train/new/c.png"]),
        (
            "[images/train/*.jpg, images/train/new]",
            ["images/train/a.jpg", "images/train/new/c.png"],
        ),
        ("../images/tr*", ["images/train/a.jpg", "images/train/b.png", "images/train/new/c.png"]),
        ("images/train/a.jpg", ["images/train/a.jpg"]),
        ("images/train/a*", ["images/train/a.jpg"]),  # and not its text
        ("lists/*.txt", ["images/train/b.png"]),
    ],
)
def test_patterns_and_several_places(tmp_path: Path, train: str, expected: list[str]) -> None:
    photos(tmp_path, "images/train/a.jpg", "images/train/b.png", "images/train/new/c.png", "d.png")
    (tmp_path / "images/train/a.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "images/train/a.txt").write_text("0 0.5 0.5 1 1\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/one.txt").write_text("images/train/b.png\n")
    quoted = train if train.startswith("[i") else f"'{train}'"
    assert list(described(tmp_path, f"train: {quoted}\nnames: [cat]\n").splits) == expected


def test_a_pattern_that_nothing_fits_is_absent(tmp_path: Path) -> None:
    photos(tmp_path, "a.jpg")
    found = described(tmp_path, "train: .\nval: 'x**y/*.jpg'\nnames: [cat]\n")
    assert found.notes == ("1 place is named but absent: val (x**y/*.jpg)",)


def test_photos_in_two_splits_have_both(tmp_path: Path) -> None:
    photos(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "val.txt").write_text("b.jpg\n")
    found = described(tmp_path, "val: val.txt\ntrain: .\nnames: [cat]\n")
    assert found.splits == {"a.jpg": "train", "b.jpg": "train and val"}
    assert found.notes == ("1 photo is listed in several splits; no split is used for it",)


def test_where_all_photos_are_in_the_same_splits_there_are_none(tmp_path: Path) -> None:
    photos(tmp_path, "images/a.jpg")
    found = described(tmp_path, "train: images\nval: images\nnames: [cat]\n")
    assert found.splits == {"images/a.jpg": None}
    assert found.notes == ("1 photo is listed in several splits; no split is used for it",)


def test_darknets_names_and_lists(tmp_path: Path) -> None:
    photos(tmp_path, "obj_train_data/a.jpg", "obj_train_data/b.jpg")
    (tmp_path / "train.txt").write_text("data/obj_train_data/a.jpg\n")
    (tmp_path / "valid.txt").write_text("data/obj_train_data/b.jpg\n")
    found = described(tmp_path, "cat\ntraffic light\n\n", "obj.names")
    assert found.classes == ["cat", "traffic light"]
    assert found.splits == {"obj_train_data/a.jpg": "train", "obj_train_data/b.jpg": "val"}


def test_texts_of_photos_that_are_called_like_splits_are_no_lists(tmp_path: Path) -> None:
    line = "0 .5 .5 .2 .2\n"
    photos(tmp_path, "train1.jpg", "test1.jpg", "bus1.jpg")
    files_in(tmp_path, {"train1.txt": line, "test1.txt": "", "bus1.txt": line, "val.txt": line})
    found = described(tmp_path, "cat\n", "classes.txt")
    assert found.splits == dict.fromkeys(("bus1.jpg", "test1.jpg", "train1.jpg"))
    (tmp_path / "val.txt").write_text("train1.jpg\n")
    found = described(tmp_path, "cat\n", "classes.txt")
    assert found.splits == {"train1.jpg": "val"}


def test_a_blank_line_among_the_names_is_refused(tmp_path: Path) -> None:
    """Whoever counts it has dog at 2, whoever does not at 1."""
    photos(tmp_path, "a.jpg")
    with pytest.raises(InputError, match=r"classes.txt: line 2: names: a class has no name; give"):
        described(tmp_path, "cat\n\ndog\nbird\n", "classes.txt")
    assert described(tmp_path, "cat\ndog\n \n\n", "classes.txt").classes == ["cat", "dog"]
    with pytest.raises(
        InputError, match=r"classes.txt: names: class 0: '' is not a name; give one"
    ):
        described(tmp_path, "\n", "classes.txt")


def test_folders_alone(tmp_path: Path) -> None:
    photos(tmp_path, "images/train/a.jpg", "valid/images/b.jpg", "images/c.jpg")
    found = read_yolo_set(tmp_path, None)
    assert found == YoloSet(
        None,
        {"images/c.jpg": None, "images/train/a.jpg": "train", "valid/images/b.jpg": "val"},
        0,
        (),
    )


@pytest.mark.parametrize("yaml", ["", "names: [cat]\n"])
def test_pictures_beside_a_folder_images_are_no_background(tmp_path: Path, yaml: str) -> None:
    files = {"data.yaml": yaml} if yaml else {"classes.txt": "cat\n"}
    of_the_set = ["cats/c.jpg", "images/a.jpg", "images/train/b.jpg"]
    others = ["labels.jpg", "labels/a.png", "masks/a.png", "runs/train/results.png"]
    photos(tmp_path, *of_the_set, *others)
    files |= {"labels/a.txt": "0 .5 .5 .2 .2\n", "cats/c.txt": ""}
    found = read_yolo_set(files_in(tmp_path, files), tmp_path / next(iter(files)))
    assert sorted(found.splits) == of_the_set
    (tmp_path / "labels/a.txt").unlink()  # nothing says that images/ is more than the others
    found = read_yolo_set(tmp_path, tmp_path / next(iter(files)))
    assert sorted(found.splits) == sorted(of_the_set + others)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: [", "not valid YAML"),
        ("- cat\n", "top level: no keys; give names"),
        ("names: cat\ntrain: .\n", "names: not a list; give the names"),
        ("names: {0: cat, 2: dog}\ntrain: .\n", "names: keys are not 0..1; number them so"),
        ("names: {0: cat, '0': dog}\ntrain: .\n", "names: keys are not 0..1; number them so"),
        ("names: [cat]\nnc: 2\ntrain: .\n", "nc is 2, but names has 1; correct one"),
        ("nc: 1000000000\ntrain: .\n", "nc is above 32768; give the number of classes"),
        ("names: [cat, cat]\ntrain: .\n", "names: 'cat' occurs twice; rename one"),
        ("names: [cat, ' ']\ntrain: .\n", "names: class 1: ' ' is not a name; give one"),
        ("names: [null, cat]\ntrain: .\n", "names: class 0: None is not a name; give one"),
        ("names: {0: cat, 1: }\ntrain: .\n", "names: class 1: None is not a name; give one"),
        ("names: [cat, [dog]]\ntrain: .\n", r"names: class 1: \['dog'\] is not a name; give one"),
        ('names: ["a\\tb"]\ntrain: .\n', "names: class 0: 'a.*b' holds a control character, which"),
        ("names: []\ntrain: .\n", "names: no class has a name; give each one"),
        ("names: [cat]\ntrain: nowhere\n", r"no photo is below .* it names train \(nowhere\); put"),
        ("names: [cat]\ntrain:\n", "where it names nothing; put it next"),
        ("names: [cat]\ntrain: a.txt\n", "a.txt: line 2: photo 'b.jpg' is missing below"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    photos(tmp_path, "a.jpg")
    (tmp_path / "a.txt").write_text("a.jpg\nb.jpg\n")
    with pytest.raises(InputError, match=message) as caught:
        described(tmp_path, text)
    assert "\n" not in str(caught.value)


WHOLE = {
    "path": "/home/eve",
    "train": ["a.jpg"],
    "val": ".",
    "names": {0: "cat", 1: "dog"},
    "nc": 2,
    "kpt_shape": [1, 3],
}


@settings(deadline=None)
@given(data=spoiled(WHOLE))
def test_a_spoiled_yaml_is_read_or_refused(one_folder: Path, data: object) -> None:
    root = one_folder
    photos(root, "a.jpg")
    with (root / "spoiled.yaml").open("w") as file:
        YAML(typ="safe").dump(data, file)
    try:
        found = read_yolo_set(root, root / "spoiled.yaml")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert found.splits
        assert all(isinstance(name, str) for name in found.classes or [])
