"""Pixel store: the same pixels as PIL gives, every kind of photo right or refused by name."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image, ImageOps

from pipeline.data.decode import decode_photo, read_squashed, squash
from pipeline.data.pixel_store import open_pixel_store
from pipeline.data.pixels import build_pixel_store
from pipeline.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
SIDE = 32
ORIENTATION = 0x0112  # the EXIF tag


def noise(width=60, height=40, seed=0):
    """Return a photo with coarse and fine detail."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8)).resize((width, height))
    fine = rng.integers(-40, 41, (height, width, 3))
    return Image.fromarray(np.clip(np.array(coarse, int) + fine, 0, 255).astype(np.uint8))


def build(folder, paths, sizes=None, **options):
    """Return the store of these photos, with sizes from PIL unless they are given."""
    if sizes is None:
        sizes = [Image.open(path).size for path in paths]
    build_pixel_store(paths, np.array(sizes).reshape(-1, 2), folder / "photos.npy", SIDE, **options)
    return open_pixel_store(folder / "photos.npy")


def pil_square(image, side=SIDE):
    return np.array(image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR))


def assert_close(pixels, expected, within=1):
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).max() <= within


def whole(path):
    """Return the whole photo as `(height, width, 3)`."""
    return decode_photo(path).pixels.permute(1, 2, 0).numpy()


def test_one_flat_photo_of_one_pixel_fills_its_row(tmp_path):
    Image.new("RGB", (1, 1), (10, 20, 30)).save(tmp_path / "dot.png")
    store = build(tmp_path, [tmp_path / "dot.png"])
    assert store.shape == (1, SIDE, SIDE, 3)
    assert store[0].dtype == np.uint8
    assert_array_equal(store[0], np.full((SIDE, SIDE, 3), (10, 20, 30)))


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (300, 200), (31, 33), (500, 20), (8, 8)])
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_pixels_are_those_of_pil(tmp_path, size, kind):
    path = tmp_path / f"photo.{kind}"
    noise(*size).save(path)
    assert_close(build(tmp_path, [path])[0], pil_square(Image.open(path)))


def test_photos_of_voc2007_are_those_of_pil(shared, tmp_path):
    paths = sorted((shared("voc2007") / "images").glob("*.jpg"))[:24]
    assert len(paths) == 24
    build_pixel_store(paths, [Image.open(path).size for path in paths], tmp_path / "p.npy", 224)
    for row, path in zip(open_pixel_store(tmp_path / "p.npy"), paths, strict=True):
        assert_close(row, pil_square(Image.open(path), 224))


@pytest.mark.parametrize("workers", [1, 3, None])
def test_rows_stand_in_the_given_order(tmp_path, workers):
    paths = [tmp_path / f"{index}.png" for index in range(50)]
    for index, path in enumerate(paths):
        Image.new("RGB", (4, 4), (index, 2 * index, 255 - index)).save(path)
    store = build(tmp_path, paths[::-1], workers=workers)
    assert store[:][:, 0, 0, 0].tolist() == list(range(50))[::-1]


def test_both_axes_are_scaled_apart(tmp_path):
    image = Image.new("RGB", (80, 20))
    image.paste((255, 255, 255), (40, 0, 80, 10))  # the upper right quarter
    image.save(tmp_path / "quarter.png")
    row = build(tmp_path, [tmp_path / "quarter.png"])[0][:, :, 0]
    assert (row[: SIDE // 2 - 1, SIDE // 2 + 1 :] == 255).all()
    assert (row[SIDE // 2 + 1 :] == 0).all()
    assert (row[:, : SIDE // 2 - 1] == 0).all()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "jpg"),
        ("L", "png"),
        ("1", "png"),
        ("P", "png"),
        ("LA", "png"),
        ("RGBA", "png"),
        ("CMYK", "jpg"),
        ("RGB", "bmp"),
        ("RGB", "tif"),
        ("RGB", "webp"),
    ],
)
def test_every_mode_is_the_rgb_of_pil(tmp_path, mode, kind):
    path = tmp_path / f"photo.{kind}"
    noise().convert(mode).save(path)
    assert Image.open(path).mode in (mode, "P")
    assert_array_equal(whole(path), np.array(Image.open(path).convert("RGB")))
    assert_close(build(tmp_path, [path])[0], pil_square(Image.open(path).convert("RGB")))


def test_a_transparent_photo_is_stored_on_white(tmp_path):
    image = noise().convert("RGBA")
    image.putalpha(0)
    image.save(tmp_path / "clear.png")
    assert (whole(tmp_path / "clear.png") == 255).all()
    image.putalpha(128)
    image.save(tmp_path / "clear.png")
    halfway = (np.array(noise()) * 128.0 + 255 * 127) / 255
    assert np.abs(whole(tmp_path / "clear.png") - halfway).max() <= 1


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    values = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    pixels = whole(tmp_path / "deep.png")
    assert_array_equal(pixels, np.repeat([[0, 0, 1, 128, 255]], 3, 0).T[None])


@pytest.fixture
def turned(tmp_path):
    """Return a function that saves the same photo with an EXIF orientation."""

    def save(size, orientation, kind="jpg"):
        path = tmp_path / f"turned.{kind}"
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        noise(*size).save(path, exif=exif)
        return path

    return save


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_photo_where_the_table_has_its_turned_size(turned, orientation, kind):
    path = turned((60, 40), orientation, kind)
    upright = ImageOps.exif_transpose(Image.open(path))
    assert_array_equal(whole(path), np.array(upright))


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_exif_is_left_where_the_table_has_the_stored_size(turned, orientation):
    path = turned((60, 40), orientation)
    square, size_wh = read_squashed(path, SIDE, turned=False)
    assert size_wh == (60, 40)
    assert_close(square, pil_square(Image.open(path)))


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_of_any_kind_is_read_as_it_is_stored(tmp_path, kind, orientation):
    lossless = {"webp": {"lossless": True}}.get(kind, {})
    exif = Image.Exif()
    noise().save(tmp_path / f"plain.{kind}", **lossless)
    exif[ORIENTATION] = orientation
    noise().save(tmp_path / f"noted.{kind}", exif=exif, **lossless)
    plain, _ = read_squashed(tmp_path / f"plain.{kind}", SIDE)
    noted, size_wh = read_squashed(tmp_path / f"noted.{kind}", SIDE, turned=False)
    assert size_wh == (60, 40)
    assert_array_equal(noted, plain)


def test_a_store_of_which_one_photo_is_turned(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    noise().save(tmp_path / "a.png", exif=exif)
    out, sizes = tmp_path / "photos.npy", np.array([(60, 40)] * 2)
    turned = np.array([True, False])
    build_pixel_store([tmp_path / "a.png"] * 2, sizes, out, 32, turned=turned)
    store = open_pixel_store(out)
    upside_down = store[0][::-1, ::-1].astype(int)
    assert np.abs(upside_down - store[1]).max() <= 1  # the filter rounds
    assert (store[0] != store[1]).any()


def test_exif_turns_a_square_photo(turned):
    path = turned((40, 40), 6)
    assert_array_equal(whole(path), np.rot90(np.array(Image.open(path)), -1))


def test_another_size_both_ways_is_refused_with_both_sizes(turned):
    path = turned((60, 40), 6)
    with pytest.raises(InputError, match=r"turned\.jpg: size: the photo is 40 x 60 .* say 50 x 50"):
        read_squashed(path, SIDE, size_wh=(50, 50))


def _cut(data):
    return data[: len(data) // 2]


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize(
    "damage", [_cut, lambda data: b"", lambda data: b"not a photo", lambda data: data[:4]]
)
def test_damaged_photos_are_refused_by_name_and_nothing_is_left(tmp_path, kind, damage):
    good, bad = tmp_path / f"good.{kind}", tmp_path / f"bad.{kind}"
    noise().save(good)
    bad.write_bytes(damage(good.read_bytes()))
    with pytest.raises(InputError, match=rf"bad\.{kind}: photo: does not decode .*; ") as refused:
        build(tmp_path, [good, bad], sizes=[(60, 40), (60, 40)])
    assert "\n" not in str(refused.value) and "BytesIO" not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [bad.name, good.name]


def test_the_first_bad_photo_is_the_one_named(tmp_path):
    paths = [tmp_path / f"{index:03}.jpg" for index in range(60)]
    for path in paths:
        noise(8, 8).save(path)
    for index in (55, 21, 40):
        paths[index].write_bytes(b"")
    with pytest.raises(InputError, match=r"021\.jpg"):
        build(tmp_path, paths, sizes=[(8, 8)] * 60, workers=4)


def test_a_missing_photo_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.jpg: photo: no such file; "):
        build(tmp_path, [tmp_path / "gone.jpg"], sizes=[(60, 40)])


def test_a_photo_that_the_system_does_not_give_is_named(tmp_path, monkeypatch):
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(InputError, match=r"folder\.jpg: photo: cannot be read \(Is a dir.*; "):
        decode_photo(tmp_path / "folder.jpg")

    def fail(path):
        raise OSError("no reason")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(InputError, match=r"far\.jpg: photo: cannot be read \(no reason\); "):
        build(tmp_path, [tmp_path / "far.jpg"], sizes=[(60, 40)])


def test_a_failed_build_leaves_the_earlier_store(tmp_path):
    noise().save(tmp_path / "good.jpg")
    before = build(tmp_path, [tmp_path / "good.jpg"])[:]
    with pytest.raises(InputError):
        build(tmp_path, [tmp_path / "gone.jpg"], sizes=[(60, 40)])
    assert_array_equal(open_pixel_store(tmp_path / "photos.npy"), before)


def test_too_small_a_disk_is_said_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100))
    with pytest.raises(InputError, match=r"photos\.npy: disk: needs .* GB and the disk has"):
        build(tmp_path, [tmp_path / "gone.jpg"], sizes=[(60, 40)])


def test_the_number_of_torch_threads_is_given_back(tmp_path):
    noise().save(tmp_path / "photo.jpg")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        build(tmp_path, [tmp_path / "photo.jpg"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_squash_of_a_grey_step():
    photo = torch.zeros(3, 2, 4, dtype=torch.uint8)
    photo[:, :, 2:] = 200
    # A triangle two pixels wide to each side weighs .75, .75, .25: 200 x .25 / 1.75 = 28.6.
    assert_array_equal(squash(photo, 2)[..., 0], [[29, 171], [29, 171]])
