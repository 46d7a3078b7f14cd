"""Photos in every layout of a set, their sizes, and those that do not fit their labels."""

from pathlib import Path

import pytest
from PIL import ExifTags, Image

from pipeline.data.decode import decode_photo
from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.formats.read import read_labels
from pipeline.tables.photos import with_photos
from tests.data.making import CAT, SIZE, files_in, voc
from tests.sources.test_copies import write_labels, write_photo

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


def read(folder: Path) -> Labels:
    return with_photos(read_labels(folder), folder)


def sizes_of(labels: Labels) -> list[tuple[int, int]]:
    widths, heights = (labels.images[side].to_pylist() for side in ("width", "height"))
    return list(zip(widths, heights, strict=True))


@pytest.mark.parametrize(
    "place", ["", "images/", "photos/", "JPEGImages/", "train2017/", "some/where/below/"]
)
def test_photos_are_found_beside_and_below(tmp_path: Path, place: str) -> None:
    write_labels(tmp_path / "labels.json", "a.png", "sub/b.png")
    write_photo(tmp_path / place / "a.png")
    write_photo(tmp_path / place / "sub/b.png", (9, 5))
    labels = read(tmp_path)
    assert labels.images["photo"].to_pylist() == [f"{place}a.png", f"{place}sub/b.png"]
    assert sizes_of(labels) == [(6, 4), (9, 5)]


def test_a_photo_in_a_folder_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png")
    write_photo(tmp_path / "K\udce4se/a.png")
    with pytest.raises(
        InputError, match=r": photo 'K\\udce4se/a.png' is not text in UTF-8; rename"
    ):
        read(tmp_path)


def test_sizes_that_the_labels_give_are_kept(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png", width=60, height=40)
    write_photo(tmp_path / "a.png")
    assert sizes_of(read(tmp_path)) == [(60, 40)]


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
    labels = read(tmp_path)
    assert sizes_of(labels) == [seen.size]
    pixels = decode_photo(tmp_path / labels.images["photo"][0].as_py()).pixels
    x, y, width, height = labels.boxes[0].astype(int)
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
    assert sizes_of(read(tmp_path)) == [(48, 32)]
    assert decode_photo(tmp_path / "a.jpg").pixels.shape == (3, 32, 48)


def test_a_size_that_the_xml_lacks_is_read_from_the_photo(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": CAT})
    with pytest.raises(InputError, match=r"a.jpg: size cannot be read \(.*\); replace the photo"):
        read(tmp_path)
    write_photo(folder / "JPEGImages/a.jpg", (30, 20))
    labels = read(tmp_path)
    assert sizes_of(labels) == [(30, 20)]
    assert labels.images["photo"].to_pylist() == ["JPEGImages/a.jpg"]


def test_missing_photos_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png", "b.png", "c.png")
    with pytest.raises(InputError, match=r"labels.json: photo 'a.png' and 2 more are missing"):
        read(tmp_path)
    write_photo(tmp_path / "a.png")
    write_photo(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"labels.json: photo 'c.png' is missing below .*; add"):
        read(tmp_path)


def test_a_photo_in_two_folders_is_refused(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png")
    write_photo(tmp_path / "one/a.png")
    write_photo(tmp_path / "two/a.png")
    with pytest.raises(InputError, match=r"photo 'a.png' is in several folders"):
        read(tmp_path)


def test_a_photo_beside_its_labels_leads_over_one_in_images(tmp_path: Path) -> None:
    write_labels(tmp_path / "annotations/one.json", "a.png")
    for place in ("annotations", "images", "thumbs"):
        write_photo(tmp_path / place / "a.png")
    assert read(tmp_path).images["photo"].to_pylist() == ["annotations/a.png"]


def test_names_of_another_machine_find_their_photos_and_are_noted(tmp_path: Path) -> None:
    names = ["images\\a.png", "C:\\set\\images\\B.png", "../images/c%201.png", "d.png", "/x/e.png"]
    write_labels(tmp_path / "labels.json", *names)
    files = [f"images/{name}.png" for name in ("a", "b", "c 1", "d", "e")]
    for file in files:
        write_photo(tmp_path / file)
    labels = read(tmp_path)
    assert labels.images["photo"].to_pylist() == files
    assert labels.images["file_name"].to_pylist() == [*files[:3], "d.png", files[4]]
    assert labels.notes == (
        "names spelled otherwise than their photos: 4 (images\\a.png, C:\\set\\images\\B.png, "
        "../images/c%201.png and 1 more)",
    )


def test_a_name_that_leaves_the_set_is_not_opened(tmp_path: Path) -> None:
    write_photo(tmp_path / "outside.png")
    for name in ("../outside.png", str(tmp_path / "outside.png")):
        write_labels(tmp_path / "set/labels.json", name)
        write_photo(tmp_path / "set/a.png")
        with pytest.raises(InputError, match=r"outside.png' is missing below .*set; add"):
            read(tmp_path / "set")


def test_the_nearest_name_is_told(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "photo_1.png")
    write_photo(tmp_path / "images/photo-1.png")
    with pytest.raises(InputError, match=r"missing below .* \(the nearest is 'images/photo-1.png'"):
        read(tmp_path)


def test_two_names_of_one_photo_are_refused(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.json", "a.png", "x\\A.png")
    write_photo(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"'a.png' and 'x.*A.png' are both .*a.png; keep one"):
        read(tmp_path)


def test_photos_without_labels_are_counted(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": SIZE + CAT})
    assert read(folder).notes == ()
    for name in "fcdeb":
        write_photo(folder / f"JPEGImages/{name}.png")
    write_photo(folder / "JPEGImages/.thumbs/a.png")
    note = "photos that the labels do not name, left out: 5 (b.png, c.png, d.png and 2 more)"
    assert read(folder).notes == (note,)


@pytest.mark.parametrize(
    "files",
    [
        {"a.json": '{"shapes": [], "imagePath": "a.bmp"}'},
        {"data.yaml": "names: [cat]\ntrain: a.bmp\n", "a.txt": ""},
        {"classes.txt": "cat\n", "images/c.bmp": None, "labels/c.txt": "", "a.txt": ""},
    ],
)
def test_photos_without_labels_are_counted_once(tmp_path: Path, files: dict) -> None:
    labels = read(files_in(tmp_path, {"a.bmp": None, "b.bmp": None, **files}))
    assert labels.notes == ("photos that the labels do not name, left out: 1 (b.bmp)",)


YOLO = {"classes.txt": "cat\n", "a.txt": "0 0.75 0.5 0.3 0.4\n"}
ROWS = "file_name,class,xmin,ymin,xmax,ymax{}\na.png,cat,.6,.3,.9,.7{}\n"


@pytest.mark.parametrize(
    ("files", "turn", "box"),
    [
        (YOLO, "stored", [120, 30, 60, 40]),
        (YOLO, "exif", [60, 60, 30, 80]),
        (YOLO, "auto", [60, 60, 30, 80]),
        ({"l.csv": ROWS.format("", "")}, "stored", [120, 30, 60, 40]),
        ({"l.csv": ROWS.format("", "")}, "auto", [60, 60, 30, 80]),
        # The size beside the boxes tells that they are on the photo as stored.
        ({"l.csv": ROWS.format(",width,height", ",200,100")}, "auto", [120, 30, 60, 40]),
        ({"l.csv": ROWS.format(",width,height", ",200,100")}, "exif", [60, 60, 30, 80]),
    ],
)
def test_shares_are_of_the_photo_as_it_is_read(
    tmp_path: Path, files: dict[str, str], turn: str, box: list[float]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("L", (200, 100)).save(files_in(tmp_path, {**files}) / "a.png", exif=exif)
    labels = with_photos(read_labels(tmp_path), tmp_path, turn)
    assert labels.boxes.round(6).tolist() == [box]
    assert (labels.shares, labels.images["turned"].to_pylist()) == (None, [box[0] == 60])


def test_a_photo_whose_size_shares_need_is_named_if_it_is_damaged(tmp_path: Path) -> None:
    files_in(tmp_path, {**YOLO, "a.jpg": "no photo"})
    with pytest.raises(InputError, match=r"a.jpg: size cannot be read"):
        read(tmp_path)


COCO = (
    '{{"images":[{{"id":1,"file_name":"{}"}}],"annotations":[],'
    '"categories":[{{"id":1,"name":"c"}}]}}'
)
LABELME = '{{"shapes":[],"imagePath":"{}"}}'
STUDIO = '[{{"id":1,"data":{{"image":"/data/local-files/?d={}"}},"annotations":[{{"result":[]}}]}}]'
OF_VOC = "<annotation><filename>9.png</filename>{}</annotation>"
SPLIT_NAMES = (("train", "a.png"), ("val", "b.png"))
MISSING = r"photo '{}'.* missing below .*\(the nearest is '{}'\)"
ROW = "file_name,class,xmin,ymin,xmax,ymax\n{},cat,1,2,3,4\n"


@pytest.mark.parametrize(
    "files",
    [
        {"l.json": COCO.format("a.png")},
        {"l.csv": ROW.format("a.png")},
        {f"annotations/{split}.json": COCO.format(name) for split, name in SPLIT_NAMES},
    ],
)
def test_a_mask_in_annotations_gives_way_to_the_photo(tmp_path: Path, files: dict) -> None:
    for place in ("annotations", "images"):
        write_photo(tmp_path / place / "a.png")
        write_photo(tmp_path / place / "b.png")
    found = read(files_in(tmp_path, files)).images["photo"].to_pylist()
    assert found == ["images/a.png", "images/b.png"][: len(files)]


@pytest.mark.parametrize(
    ("files", "named", "nearest"),
    [
        ({"l.json": COCO.format("a/9.png")}, "a/9.png", "b/9.png"),
        ({"l.csv": ROW.format("a/9.png")}, "a/9.png", "b/9.png"),
        (dict.fromkeys(("a/9.json", "b/9.json"), LABELME.format("9.png")), "a/9.png", "b/9.png"),
        ({"l.json": STUDIO.format("a/9.png")}, "a/9.png", "b/9.png"),
        ({"l.json": STUDIO.format("c/9.png")}, "c/9.png", "b/9.png"),
    ],
)
def test_a_photo_of_that_name_in_another_folder_is_another(
    tmp_path: Path, files: dict[str, str], named: str, nearest: str
) -> None:
    for photo in ("a/1.png", "b/9.png"):
        write_photo(tmp_path / photo)
    files_in(tmp_path, {**files})
    with pytest.raises(InputError, match=MISSING.format(named, nearest)):
        read(tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {"train/_a.csv": ROW.format("9.png"), "valid/_a.csv": ROW.format("1.png")},
        {"train/a.json": COCO.format("9.png"), "valid/a.json": COCO.format("1.png")},
        {"train/9.xml": OF_VOC.format(CAT)},
    ],
)
def test_a_photo_of_that_name_in_another_split_is_another(
    tmp_path: Path, files: dict[str, str]
) -> None:
    for photo in ("train/2.png", "valid/9.png", "valid/1.png"):
        write_photo(tmp_path / photo)
    with pytest.raises(InputError, match=MISSING.format("train/9.png", "valid/9.png")):
        read(files_in(tmp_path, {**files}))


@pytest.mark.parametrize(
    ("stem", "photo"),
    [("IMG_9", "img_9.PNG"), ("e\u0301", "\u00e9.png"), ("\u00c9", "e\u0301.png")],
)
def test_the_stem_of_a_voc_file_wins_in_any_case_and_accents(
    tmp_path: Path, stem: str, photo: str
) -> None:
    files = {stem: f"<filename>0.png</filename>{SIZE}{CAT}", "1": SIZE}
    for file in voc(tmp_path, files).glob("JPEGImages/*.jpg"):
        file.unlink()
    for name in ("0.png", "1.png", photo):
        write_photo(tmp_path / "JPEGImages" / name)
    labels = read(tmp_path)
    assert set(labels.images["photo"].to_pylist()) == {"JPEGImages/1.png", f"JPEGImages/{photo}"}
    assert any("names spelled otherwise than their photos: 1" in note for note in labels.notes)
