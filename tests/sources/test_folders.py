"""Local sets in every layout, and the photos that do not fit their labels."""

import json
import os
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from pipeline.data.pixels import read_photo
from pipeline.errors import InputError
from pipeline.sources import folders
from pipeline.sources.archives import Archive
from pipeline.sources.folders import Source, copy_photos, read_local, read_source
from pipeline.tables.splits import assign_splits
from tests.data.making import CAT, SIZE, Server, sha256, tar_of, voc, voc_files

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


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


@pytest.mark.parametrize(
    "place", ["", "images", "photos", "JPEGImages", "train2017", "some/where/below"]
)
def test_photos_are_found_beside_and_below(tmp_path: Path, place: str) -> None:
    write_labels(tmp_path / "labels.json", "a.png", "sub/b.png")
    write_photo(tmp_path / place / "a.png")
    write_photo(tmp_path / place / "sub/b.png", (9, 5))
    source = read_local(tmp_path)
    assert source.photos == [tmp_path / place / "a.png", tmp_path / place / "sub/b.png"]
    sizes = [(image["width"], image["height"]) for image in source.pascal["images"]]
    assert sizes == [(6, 4), (9, 5)]


def test_sizes_that_the_labels_give_are_kept(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png", width=60, height=40)
    write_photo(tmp_path / "a.png")
    assert read_local(tmp_path).pascal["images"][0]["width"] == 60


# What is stored when a viewer shall see a photo upright, by EXIF's orientation.
STORED = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_turned_photo_its_size_and_its_boxes_agree(
    tmp_path: Path, orientation: int, kind: str
) -> None:
    seen = Image.new("RGB", (48, 32))
    seen.paste((255, 255, 255), (24, 0, 40, 8))
    turn, exif = STORED[orientation], Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    photo = seen if turn is None else seen.transpose(turn)
    photo.save(tmp_path / f"a.{kind}", exif=exif)
    write_labels(tmp_path / "labels.json", f"a.{kind}", bbox=(24, 0, 16, 8))
    source = read_local(tmp_path)
    [image], [item] = source.pascal["images"], source.pascal["annotations"]
    assert (image["width"], image["height"]) == seen.size
    pixels = read_photo(source.photos[0], seen.size)
    x, y, width, height = item["bbox"]
    assert pixels[:, y : y + height, x : x + width].min() > 200
    assert (pixels > 128).sum() == 3 * width * height


@pytest.mark.parametrize(
    "note",
    [
        {"exif": b"Exif\0\0no note at all"},
        {"xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"></x:xmpmeta>'},
    ],
)
def test_a_note_that_turns_no_photo_leaves_the_stored_size(tmp_path: Path, note: dict) -> None:
    Image.new("RGB", (48, 32)).save(tmp_path / "a.jpg", **note)
    write_labels(tmp_path / "labels.json", "a.jpg")
    source = read_local(tmp_path)
    assert (source.pascal["images"][0]["width"], source.pascal["images"][0]["height"]) == (48, 32)
    assert read_photo(source.photos[0], (48, 32)).shape == (3, 32, 48)


def test_labels_in_a_folder_of_their_own_or_named_directly(tmp_path: Path) -> None:
    write_labels(tmp_path / "annotations/one.json", "a.png", width=6, height=4)
    write_photo(tmp_path / "annotations/a.png")
    assert len(read_local(tmp_path).photos) == 1
    write_labels(tmp_path / "annotations/two.json", "a.png", "b.png", width=6, height=4)
    write_photo(tmp_path / "annotations/b.png")
    with pytest.raises(InputError, match=r"2 JSON files \(one.json, two.json\); set fetch.path"):
        read_local(tmp_path)
    assert len(read_local(tmp_path / "annotations/two.json").photos) == 2


@pytest.mark.parametrize("path", ["", "annotations/instances.json"])
def test_labels_in_annotations_have_photos_and_lists_beside_that_folder(
    tmp_path: Path, path: str
) -> None:
    write_labels(tmp_path / "annotations/instances.json", "a.png", "b.png")
    write_photo(tmp_path / "images/a.png")
    write_photo(tmp_path / "train2017/b.png")
    (tmp_path / "ImageSets/Main").mkdir(parents=True)
    (tmp_path / "ImageSets/Main/train.txt").write_text("a\nb\n")
    source = read_local(tmp_path / path)
    assert source.photos == [tmp_path / "images/a.png", tmp_path / "train2017/b.png"]
    assert [image["split"] for image in source.pascal["images"]] == ["train", "train"]


def test_a_photo_beside_its_labels_leads_over_one_beside_annotations(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "annotations/one.json", "a.png")
    for place in ("annotations", "images", "thumbs"):
        write_photo(tmp_path / place / "a.png")
    assert read_local(file).photos == [tmp_path / "annotations/a.png"]


def test_lists_beside_the_json_give_the_splits(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png", "b.png", "c.png", split="test")
    for name in "abc":
        write_photo(tmp_path / f"{name}.png")
    lists = tmp_path / "ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\n")
    (lists / "val.txt").write_text("b.png\n")
    images = assign_splits(read_local(tmp_path).pascal, "given", where="x")["images"]
    assert [image["split"] for image in images] == ["train", "val", "test"]


@pytest.mark.parametrize("depth", ["", "set", "VOCdevkit/VOC2007"])
def test_voc_folders_are_found_up_to_two_levels_below(tmp_path: Path, depth: str) -> None:
    folder = voc(tmp_path / depth, {"a": SIZE + CAT})
    source = read_local(tmp_path)
    assert source.photos == [folder / "JPEGImages/a.jpg"]
    assert source.pascal["images"][0]["width"] == 20


def test_a_size_that_the_xml_lacks_is_read_from_the_photo(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": CAT})
    with pytest.raises(InputError, match=r"a.jpg: size cannot be read \(.*\); replace the photo"):
        read_local(tmp_path)
    write_photo(folder / "JPEGImages/a.jpg", (30, 20))
    image = read_local(tmp_path).pascal["images"][0]
    assert (image["width"], image["height"]) == (30, 20)


def test_missing_photos_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png", "b.png", "c.png")
    with pytest.raises(InputError, match=r"labels.json: photo 'a.png' and 2 more are missing"):
        read_local(tmp_path)
    write_photo(tmp_path / "a.png")
    write_photo(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"labels.json: photo 'c.png' is missing below .*; add"):
        read_local(tmp_path)


def test_a_photo_in_two_folders_is_refused(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png")
    write_photo(tmp_path / "one/a.png")
    write_photo(tmp_path / "two/a.png")
    with pytest.raises(InputError, match=r"photo 'a.png' is in several folders"):
        read_local(tmp_path)


def test_folders_that_are_no_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent: no such file or folder; set fetch.path"):
        read_local(tmp_path / "absent")
    with pytest.raises(InputError, match=r"neither a \*.json nor Annotations"):
        read_local(tmp_path)
    voc(tmp_path / "one", {})
    voc(tmp_path / "two", {})
    with pytest.raises(InputError, match=r"2 VOC folders \(one, two\); set fetch.path"):
        read_local(tmp_path)


def test_photos_are_copied_not_linked(tmp_path: Path) -> None:
    write_photo(tmp_path / "real.png")
    os.symlink(tmp_path / "real.png", tmp_path / "link.png")
    pascal = {"images": [{"file_name": "link.png"}, {"file_name": "sub/b.png"}]}
    copy_photos(Source(pascal, [tmp_path / "link.png", tmp_path / "real.png"]), tmp_path / "out")
    for name in ("link.png", "sub/b.png"):
        copied = tmp_path / "out" / name
        assert not copied.is_symlink()
        assert copied.stat().st_nlink == 1
        assert copied.read_bytes() == (tmp_path / "real.png").read_bytes()


def test_the_demo_and_a_local_set_come_out_alike(tmp_path: Path) -> None:
    options = {"downloads": tmp_path, "demo_photos": 4, "demo_size": 48, "seed": 1}
    demo = read_source("demo", tmp_path / "one", path=Path("unused"), **options)
    (tmp_path / "one/annotations.json").write_text(json.dumps(demo))
    local = read_source("local", tmp_path / "two", path=tmp_path / "one", **options)
    assert local == demo
    for image in demo["images"]:
        first, second = (tmp_path / x / "photos" / image["file_name"] for x in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


def test_an_official_set_leaves_photos_only(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.content = tar_of(voc_files("000001", "000002"))
    archive = Archive((server.url,), sha256(server.content))
    monkeypatch.setitem(folders.OFFICIAL, "voc2007", (archive,))
    options = {"demo_photos": 1, "demo_size": 48, "seed": 1}
    pascal = read_source(
        "voc2007", tmp_path / "out", path=Path(""), downloads=tmp_path / "kept", **options
    )
    assert [image["split"] for image in pascal["images"]] == ["train", "train"]
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["photos"]
    assert len(list((tmp_path / "out/photos").iterdir())) == 2


def test_voc2007_as_the_lesson_has_it(shared) -> None:
    source = read_local(shared("voc2007"))
    assert len(source.photos) == 2501
    assert sum(item["ignore"] for item in source.pascal["annotations"]) == 1543
    images = assign_splits(source.pascal, "lesson", where="x")["images"]
    assert [image["split"] for image in images].count("val") == 500


def test_voc2007_gives_one_val_whether_its_labels_are_xml_or_json(shared, tmp_path: Path) -> None:
    json_set = read_local(shared("voc2007")).pascal
    stems = [Path(image["file_name"]).stem for image in json_set["images"]]
    assert stems == sorted(stems)
    assert [image["id"] for image in json_set["images"]] == sorted(int(stem) for stem in stems)
    official = dict.fromkeys([*stems, "000001", "000005"], SIZE + CAT)
    folder = voc(tmp_path, official, train="\n".join(stems[::-1]), val="000005", test="000001")
    images = assign_splits(read_local(folder).pascal, "lesson", where="x")["images"]
    same = assign_splits(json_set, "lesson", where="x")["images"]
    keys = ("id", "file_name", "split")
    assert [[a[key] for key in keys] for a in images] == [[b[key] for key in keys] for b in same]


def test_bccd_has_its_official_lists(shared) -> None:
    source = read_local(shared("bccd"))
    splits = [image["split"] for image in source.pascal["images"]]
    assert [splits.count(split) for split in ("train", "val", "test")] == [205, 87, 72]
    assert sum(item["area"] == 0 for item in source.pascal["annotations"]) == 2
