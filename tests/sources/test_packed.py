"""A set in tar files is the set that they hold, whether one file or many."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.formats.read import read_labels
from pipeline.params.fetch import SourceParams
from pipeline.sources.packed import archives_in, laid_open
from stages.fetch import copy_local
from tests.data.making import tar_of

XML = (
    "<annotation><filename>{}.jpg</filename><size><width>20</width><height>10</height>"
    "<depth>3</depth></size><object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin>"
    "<xmax>4</xmax><ymax>6</ymax></bndbox></object></annotation>"
)
SHAPE = {"label": "cat", "points": [[0, 1], [4, 6]], "shape_type": "rectangle", "flags": {}}


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(buffer, "JPEG")
    return buffer.getvalue()


def label(kind: str, key: str) -> bytes:
    """Return the labels of a photo as lie beside it."""
    texts = {
        "xml": XML.format(key),
        "txt": "0 0.1 0.35 0.2 0.5\n",
        "json": json.dumps(
            {
                "version": "5.0.1",
                "flags": {},
                "shapes": [SHAPE],
                "imagePath": f"{key}.jpg",
                "imageData": None,
                "imageHeight": 10,
                "imageWidth": 20,
            }
        ),
    }
    return texts[kind].encode()


def webdataset(folder: Path, kind: str, archives: int = 3) -> Path:
    """Write archives 000000.tar and so on, each with two photos and their labels."""
    folder.mkdir()
    for number in range(archives):
        keys = [f"{number}{photo:03}" for photo in range(2)]
        members = {f"{key}.jpg": photo() for key in keys}
        members |= {f"{key}.{kind}": label(kind, key) for key in keys}
        (folder / f"{number:06}.tar").write_bytes(tar_of(members))
    if kind == "txt":
        (folder / "classes.txt").write_text("cat\n")
    return folder


def fetched(place: Path, out: Path) -> list[str]:
    copy_local(place, SourceParams(path=Path()), out)
    return sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file())


@pytest.mark.parametrize("kind", ["xml", "txt", "json"])
def test_the_layout_of_webdataset(tmp_path: Path, kind: str) -> None:
    names = fetched(webdataset(tmp_path / "in", kind), tmp_path / "out")
    keys = [f"{number}00{place}" for number in range(3) for place in range(2)]
    more = ["classes.txt"] if kind == "txt" else []
    assert names == sorted([f"{key}.{end}" for key in keys for end in ("jpg", kind)] + more)
    labels = read_labels(tmp_path / "out")
    assert len(labels.images) == len(labels.rows) == 6


def test_photos_in_an_archive_and_labels_beside_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    members = {"images/a.jpg": photo(), "images/b.jpg": photo(), "readme": b""}
    (tmp_path / "in/photos.tar").write_bytes(tar_of(members))
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 20, "height": 10} for n in "ab"]
    labels = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "in/labels.json").write_text(json.dumps(labels))
    names = fetched(tmp_path / "in", tmp_path / "out")
    assert names == ["images/a.jpg", "images/b.jpg", "labels.json"]
    assert (tmp_path / "out/images/a.jpg").read_bytes() == photo()
    assert (tmp_path / "out/images/a.jpg").stat().st_nlink == 1
    assert sorted(file.name for file in (tmp_path / "in").iterdir()) == [
        "labels.json",
        "photos.tar",
    ]


def test_a_photo_in_two_archives_is_refused(tmp_path: Path) -> None:
    place = webdataset(tmp_path / "in", "xml", archives=1)
    (place / "000001.tar").write_bytes((place / "000000.tar").read_bytes())
    message = r"in/000001\.tar: '0000\.jpg' occurs twice, or is in another archive, too; give one"
    with pytest.raises(InputError, match=message):
        fetched(place, tmp_path / "out")
    assert not (tmp_path / "out/.unpacked").exists()


def test_a_file_in_an_archive_and_beside_it_is_refused(tmp_path: Path) -> None:
    place = webdataset(tmp_path / "in", "xml")
    (place / "1001.xml").write_bytes(label("xml", "1001"))
    with pytest.raises(
        InputError, match=r"in/1001\.xml: is in an archive beside it, too; keep one"
    ):
        fetched(place, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no archive" * 100, tar_of({"../../a.jpg": b"out"})])
def test_what_is_no_safe_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    place = webdataset(tmp_path / "in", "xml", archives=1)
    (place / "bad.tar").write_bytes(content)
    with pytest.raises(InputError, match=r"in/bad\.tar: "):
        fetched(place, tmp_path / "out")
    assert not (tmp_path / "out/.unpacked").exists() and not (tmp_path / "a.jpg").exists()


def test_errors_name_the_users_place(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/photos.tar").write_bytes(tar_of({"a.jpg": photo()}))
    with pytest.raises(InputError) as refused:
        fetched(tmp_path / "in", tmp_path / "out")
    assert str(refused.value).startswith(f"{tmp_path / 'in'}: no labels that are known")
    assert "unpacked" not in str(refused.value)
    assert "\n  voc: " in str(refused.value) and "\\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["b.tar.gz", "b.tgz", "B.ZIP", "b.tar.zst", "b.json.xz"])
def test_a_packed_file_beside_archives_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "photo.jpg").touch()
    assert archives_in(tmp_path) == []
    (tmp_path / "a.TAR").write_bytes(b"")
    with pytest.raises(InputError) as refused:
        archives_in(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path / name}: lies beside a.TAR, but only *.tar are opened; unpack it, "
        "pack it again as .tar, or put it elsewhere"
    )


@pytest.mark.parametrize("name", ["a.zip", "train/a.tar.gz", "one/two/a.tgz"])
def test_a_packed_file_without_photos_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"")
    (tmp_path / "labels.json").touch()
    with pytest.raises(InputError) as refused:
        fetched(tmp_path, tmp_path.with_name("out"))
    assert str(refused.value) == (
        f"{file}: lies where no photo does, but only *.tar are opened; unpack it, "
        "pack it again as .tar, or put it elsewhere"
    )


@pytest.mark.parametrize("name", ["a.tar", "a.zip"])
def test_an_archive_for_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    message = rf"{name}: is an archive; set fetch.path to its folder, {tmp_path}$"
    with pytest.raises(InputError, match=message):
        fetched(tmp_path / name, tmp_path / "out")


def test_archives_in_folders_of_splits(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for split in ("train", "valid"):
        webdataset(tmp_path / "in" / split, "xml", archives=2)
    names = fetched(tmp_path / "in", tmp_path / "out")
    assert len(names) == 16 and "valid/1001.jpg" in names
    images = read_labels(tmp_path / "out").images
    assert sorted(images["split"].to_pylist()) == ["train"] * 4 + ["val"] * 4


def test_photos_in_an_archive_below_and_labels_above_it(tmp_path: Path) -> None:
    (tmp_path / "in/images/part1").mkdir(parents=True)
    (tmp_path / "in/images/part1/0.tar").write_bytes(tar_of({"a.jpg": photo()}))
    (tmp_path / "in/labels.csv").write_text(
        "file_name,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,4,6"
    )
    assert fetched(tmp_path / "in", tmp_path / "out") == ["images/part1/a.jpg", "labels.csv"]


def test_an_archive_below_unpacked_photos_is_left(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "photos.tar").write_bytes(tar_of({"a.jpg": photo()}))
    (tmp_path / "a.jpg").write_bytes(photo())
    assert archives_in(tmp_path) == []
    (tmp_path / "1.tar").write_bytes(tar_of({"b.jpg": photo()}))
    assert archives_in(tmp_path) == [tmp_path / "1.tar"]


def test_a_folder_without_archives_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.tar").mkdir()
    (tmp_path / ".b.tar").write_bytes(b"")
    assert archives_in(tmp_path) == archives_in(tmp_path / "nowhere") == []
    with laid_open(tmp_path, [], tmp_path / "opened") as opened:
        assert opened == tmp_path / "opened"
