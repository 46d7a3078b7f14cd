"""What counts as a photo, and its size as viewers show it."""

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.photo_files import (
    files_below,
    is_heic,
    is_photo,
    on_white,
    open_photo,
    photo_size,
    photos_below,
    visible_files,
)


def start_of(major: bytes, *brands: bytes) -> bytes:
    """Return the first bytes of a file with these brands."""
    size = 16 + 4 * len(brands)
    return size.to_bytes(4, "big") + b"ftyp" + major + bytes(4) + b"".join(brands) + b"heic" * 9


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[(f"a.{kind}", True) for kind in ("jpg", "JPEG", "jfif", "png", "avif", "jp2", "heic")],
        *[(name, False) for name in ("a.txt", "a", "._a.jpg", ".jpg", "a.jpg.partial")],
    ],
)
def test_a_photo_by_its_name(name: str, expected: bool) -> None:
    assert is_photo(Path(name)) == expected


def test_photos_in_folders_below_but_hidden_ones(tmp_path: Path) -> None:
    assert photos_below(tmp_path / "absent") == []
    touch(
        tmp_path, "b.jpg", "a/c.PNG", "a/notes.txt", "__MACOSX/b.jpg", ".cache/b.jpg", "a/._c.png"
    )
    (tmp_path / "folder.jpg").mkdir()
    assert photos_below(tmp_path) == [tmp_path / "a/c.PNG", tmp_path / "b.jpg"]
    assert files_below(tmp_path, {".txt"}) == [tmp_path / "a/notes.txt"]


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path, "set/a.jpg", "elsewhere/b.jpg")
    os.symlink(tmp_path / "elsewhere", tmp_path / "set/one")
    os.symlink(tmp_path / "elsewhere", tmp_path / "set/two")
    os.symlink(tmp_path / "set", tmp_path / "set/round")
    assert photos_below(tmp_path / "set") == [tmp_path / "set/a.jpg", tmp_path / "set/one/b.jpg"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_turned_photo(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (6, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert photo_size(tmp_path / "a.jpg") == ((4, 6) if orientation > 4 else (6, 4))


def test_what_is_no_photo_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    with pytest.raises(InputError, match=r"a.jpg: size cannot be read .*; replace the photo"):
        photo_size(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"b.jpg: size cannot be read"):
        photo_size(tmp_path / "b.jpg")


def test_a_folder_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "labels/train/a.txt", "labels/val/b.txt")
    closed, scandir = tmp_path / "labels/val", os.scandir

    def scan(folder: Path) -> Iterator[os.DirEntry[str]]:  # root may read any folder
        if folder == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(InputError) as caught:
        files_below(tmp_path, {".txt"})
    assert str(caught.value) == (
        f"{closed}: cannot be read (Permission denied); make it readable, e.g. with "
        "`chmod u+rx`, or move it elsewhere"
    )


def test_files_come_sorted_by_the_parts_of_their_paths(tmp_path: Path) -> None:
    touch(tmp_path, "b/c.png", "b.png", "b-a/z.png", "B.png", "b/a/d.png", "a.png")
    found = list(visible_files(tmp_path))
    assert found == sorted(found)
    assert len(found) == 6


@pytest.mark.parametrize("target", ["gone/a.txt", "a.txt"])
def test_a_link_to_nothing_is_refused(tmp_path: Path, target: str) -> None:
    touch(tmp_path, "b.txt")
    (tmp_path / "c.txt").symlink_to("b.txt")
    link = tmp_path / "a.txt"
    link.symlink_to(target)
    assert files_below(tmp_path, {".jpg"}) == []
    with pytest.raises(InputError) as caught:
        files_below(tmp_path, {".txt"})
    assert str(caught.value) == (
        f"{link}: is a link to nothing ({target}); restore that file, or remove the link"
    )
    link.unlink()
    assert files_below(tmp_path, {".txt"}) == [tmp_path / "b.txt", tmp_path / "c.txt"]


@pytest.mark.parametrize(
    ("start", "name", "expected"),
    [
        (start_of(b"heic", b"mif1", b"heic"), "a.jpg", True),
        (start_of(b"heix"), "", True),
        (start_of(b"mif1", b"mif1", b"heic"), "a", True),
        (start_of(b"mif1", b"avif", b"mif1"), "a.heic", False),
        (start_of(b"avif", b"mif1", b"miaf"), "a.avif", False),
        (start_of(b"isom", b"mp41"), "a.heic", False),
        (b"no photo", "a.HEIC", True),
        (b"no photo", "a.heif", True),
        (b"no photo", "a.jpg", False),
        (b"", "", False),
    ],
)
def test_heic_by_its_content_or_else_by_its_name(start: bytes, name: str, expected: bool) -> None:
    assert is_heic(start, name) == expected


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_what_to_do_with_heic(tmp_path: Path, brand: bytes) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(start_of(brand))
    remedy = r"HEIC, which is not read; convert it to JPEG, e.g. by `heif-convert`$"
    with pytest.raises(InputError, match=rf"a.jpg: photo: {remedy}"):
        photo_size(photo)
    for file in (photo, io.BytesIO(photo.read_bytes())):
        with pytest.raises(OSError, match=f"^{remedy}"):
            open_photo(file)


def test_an_avif_is_opened(tmp_path: Path) -> None:
    Image.new("RGB", (6, 4)).save(tmp_path / "a.heic", "AVIF")
    assert photo_size(tmp_path / "a.heic") == (6, 4)


def test_what_is_transparent_lies_on_white() -> None:
    opaque = Image.new("P", (2, 1))
    assert on_white(opaque) is opaque
    clear = Image.new("RGBA", (2, 1))
    clear.putpixel((1, 0), (0, 100, 255, 128))
    page = on_white(clear)
    assert (page.mode, page.getpixel((0, 0))) == ("RGB", (255, 255, 255))
    assert page.getpixel((1, 0)) == (127, 177, 255)
