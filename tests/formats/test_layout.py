"""Which labels a folder holds, by names and first bytes alone."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.layout import find_set
from pipeline.formats.registry import FORMATS
from tests.data.making import voc


def touch(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_one_json_beside_the_photos_or_in_annotations(tmp_path: Path) -> None:
    file = touch(tmp_path / "annotations/one.json")
    for labels in ("", "annotations/one.json"):
        found = find_set(tmp_path, labels=labels)
        assert (found.root, found.labels) == (tmp_path, file)
    beside = touch(tmp_path / "labels.json")
    found = find_set(tmp_path)
    assert (found.root, found.labels) == (tmp_path, beside)


@pytest.mark.parametrize("depth", ["", "set", "VOCdevkit/VOC2007"])
def test_xml_up_to_two_levels_below(tmp_path: Path, depth: str) -> None:
    folder = voc(tmp_path / depth, {})
    found = find_set(tmp_path)
    assert (found.root, found.labels) == (folder, folder / "Annotations")


def test_what_is_no_set_or_several_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent: no such folder; set fetch.path"):
        find_set(tmp_path / "absent")
    with pytest.raises(InputError, match=r"no labels that are known; name the set's own folder"):
        find_set(tmp_path)
    voc(tmp_path / "one", {})
    voc(tmp_path / "two", {})
    with pytest.raises(
        InputError, match=r"2 sets, voc \(.*one/Annotations\) and voc .*fetch.sources"
    ):
        find_set(tmp_path)
    touch(tmp_path / "a.json")
    touch(tmp_path / "b.json")
    with pytest.raises(
        InputError, match=r"2 JSON files \(a.json, b.json\); set fetch.labels to one"
    ):
        find_set(tmp_path)
    assert find_set(tmp_path, labels="b.json").labels == tmp_path / "b.json"
    touch(tmp_path.parent / "outside.json")
    for labels in ("c.json", "../outside.json", str(tmp_path.parent / "outside.json")):
        with pytest.raises(InputError, match=r"json: no such file in .*; set fetch.labels to one"):
            find_set(tmp_path, labels=labels)


def test_where_nothing_is_known_each_format_has_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_set(tmp_path)
    first, *below = str(caught.value).splitlines()
    assert first == (
        f"{tmp_path}: no labels that are known; name the set's own folder with --photos "
        "(fetch.path), which holds one of these:"
    )
    assert [line.split(":")[0] for line in below] == [f"  {one.name}" for one in FORMATS]
    with pytest.raises(InputError) as caught:
        find_set(tmp_path, "voc")
    assert [line.split(":")[0] for line in str(caught.value).splitlines()[1:]] == ["  voc"]


@pytest.mark.parametrize("place", ["", "set", "set/labels"])
def test_columns_of_the_only_csv_are_named(tmp_path: Path, place: str) -> None:
    file = touch(tmp_path / place / "labels.csv")
    file.write_text("image,label,left,top,breadth,depth\na.jpg,cat,1,2,3,4\n")
    fault = (
        f"{file}: no column for the box among image, label, left, top, breadth, depth; name the "
        "columns file_name or image; class, "
    )
    with pytest.raises(InputError) as caught:
        find_set(tmp_path)
    assert str(caught.value).startswith(fault) and "\n" not in str(caught.value)
    touch(tmp_path / "notes.txt")  # which may be labels as well
    with pytest.raises(InputError) as caught:
        find_set(tmp_path)
    assert str(caught.value).splitlines()[-1].startswith(f"  {fault}")
    with pytest.raises(InputError) as caught:
        find_set(tmp_path, "csv")
    assert str(caught.value).startswith(fault)


def test_a_file_is_refused_as_dvc_would_not_watch_its_photos(tmp_path: Path) -> None:
    file = touch(tmp_path / "a.json")
    with pytest.raises(
        InputError, match=rf"set fetch.path to {tmp_path} and fetch.labels to a.json"
    ):
        find_set(file)


@pytest.mark.parametrize(
    ("name", "text", "format_name"),
    [
        ("a.json", '{"images": []}', "pascal"),
        ("a.xml", "<annotation/>", "voc"),
        ("a.xml", "<annotations/>", "cvat"),
        ("a.json", '[{"data": {}, "annotations": []}]', "label-studio"),
        ("a.txt", "0 .5 .5 .2 .2", "yolo"),
    ],
)
def test_previews_among_the_labels_do_not_make_them_a_set(
    tmp_path: Path, name: str, text: str, format_name: str
) -> None:
    touch(tmp_path / "images/a.png")
    touch(tmp_path / "labels/vis/a.png")
    touch(tmp_path / "labels" / name).write_text(text)
    found = find_set(tmp_path)
    assert (found.root, found.format.name) == (tmp_path, format_name)


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", '{"images": []}'), ("a.xml", "<annotation/>")]
)
def test_texts_of_yolo_beside_other_labels_are_two_kinds(
    tmp_path: Path, name: str, text: str
) -> None:
    touch(tmp_path / "images/a.png")
    touch(tmp_path / "labels/a.txt").write_text("0 .5 .5 .2 .2")
    touch(tmp_path / "labels" / name).write_text(text)
    with pytest.raises(InputError, match=r"labels of 2 kinds, .* and yolo"):
        find_set(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("labels.json", '{"images": []}', "pascal"),
        ("Annotations/a.xml", "<annotation/>", "voc"),
        ("labels/a.txt", "0 .5 .5 .2 .2", "yolo"),
        ("labels.csv", "image,class,x1,y1,x2,y2", "csv"),
    ],
)
def test_other_json_beside_a_set_is_no_labels(
    tmp_path: Path, name: str, text: str, kind: str
) -> None:
    touch(tmp_path / "images/a.png")
    touch(tmp_path / name).write_text(text)
    for other in ("dataset-metadata.json", "label_map.json"):
        touch(tmp_path / other).write_text('{"title": "Cats", "id": 3}')
    assert find_set(tmp_path).format.name == kind


def test_a_file_that_the_user_names_is_read_though_it_looks_like_no_labels(tmp_path: Path) -> None:
    touch(tmp_path / "via.json").write_text('{"_via_settings": {}}')
    with pytest.raises(InputError, match=r"no labels that are known"):
        find_set(tmp_path)
    found = find_set(tmp_path, labels="via.json")
    with pytest.raises(InputError, match=r"via.json: key 'images': missing; the object needs"):
        found.format.read(found)


@pytest.mark.parametrize("text", ['{"cat": 3}', "{}"])
def test_statistics_among_the_texts_of_yolo_are_no_labels(tmp_path: Path, text: str) -> None:
    touch(tmp_path / "images/a.png")
    touch(tmp_path / "labels/a.txt").write_text("0 .5 .5 .2 .2")
    touch(tmp_path / "labels/stats.json").write_text(text)
    assert find_set(tmp_path).format.name == "yolo"


def test_a_link_to_photos_of_the_set_is_none_beside_it(tmp_path: Path) -> None:
    touch(tmp_path / "set/a.json").write_text('{"images": []}')
    touch(tmp_path / "set/images/a.jpg")
    (tmp_path / "all").symlink_to(tmp_path / "set/images", target_is_directory=True)
    assert find_set(tmp_path).root == tmp_path / "set"


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("labels/b.txt", {"labels/a.txt": "0 .5 .5 .2 .2"}),
        ("data.yaml", {"labels/a.txt": "0 .5 .5 .2 .2"}),
        ("obj.names", {"labels/a.txt": "0 .5 .5 .2 .2"}),
        ("annotations/val.json", {"annotations/train.json": '{"images": []}'}),
        ("b.json", {"a.json": '{"shapes": []}'}),
        ("b.json", {"a.json": '[{"data": {}, "annotations": []}]'}),
        ("b.xml", {"a.xml": "<annotation/>"}),
        ("b.xml", {"a.xml": "<annotations/>"}),
        ("Annotations/b.xml", {"Annotations/a.xml": "<annotation/>"}),
        ("val.csv", {"train.csv": "file_name,class,xmin,ymin,xmax,ymax\n"}),
    ],
)
def test_labels_that_are_a_link_to_nothing_are_refused(
    tmp_path: Path, name: str, files: dict[str, str]
) -> None:
    for other, text in files.items():
        touch(tmp_path / other).write_text(text)
    touch(tmp_path / "images/a.jpg")
    assert find_set(tmp_path)
    link = tmp_path / name
    link.symlink_to("/gone")
    with pytest.raises(InputError, match=rf"{link}: is a link to nothing \(/gone\); restore"):
        find_set(tmp_path)
    link.unlink()
    link.mkdir()  # a folder, whatever its name, holds no labels
    assert find_set(tmp_path)


def test_photos_beside_the_only_set_below_are_refused(tmp_path: Path) -> None:
    for name in ("0.jpg", "0.txt", "day/1.jpg", "sample/a.json", "sample/deep/a.png", ".b/c.jpg"):
        touch(tmp_path / name)
    sample = tmp_path / "sample"
    with pytest.raises(InputError) as caught:
        find_set(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: 2 photos lie outside the labelled set {sample}, {tmp_path}/0.jpg the first; "
        f"set fetch.path to {sample}, or give each labelled folder in fetch.sources"
    )
    (tmp_path / "0.jpg").unlink()
    (tmp_path / "day/1.jpg").unlink()
    assert find_set(tmp_path).root == sample


def test_labels_below_without_photos_are_not_told_to_be_the_set(tmp_path: Path) -> None:
    touch(tmp_path / "meta/a.json")
    touch(tmp_path / "pics/a.jpg")
    message = r"meta: holds pascal labels and no photo, while .*pics/a.jpg lies outside; put them"
    with pytest.raises(InputError, match=message):
        find_set(tmp_path)


def test_sets_at_different_depths_are_several(tmp_path: Path) -> None:
    touch(tmp_path / "one/labels.json")
    touch(tmp_path / "one/old/labels.json")  # belongs to the set above it
    assert find_set(tmp_path).root == tmp_path / "one"
    voc(tmp_path / "a/b", {})
    with pytest.raises(InputError, match=r"labels of 2 kinds, pascal .* and voc"):
        find_set(tmp_path)
