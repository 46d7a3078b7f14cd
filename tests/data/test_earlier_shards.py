"""Files of an earlier store are reused only if they equal those that would be made."""

import shutil

import numpy as np
import pytest
from PIL import Image

from pipeline.data import pixels
from pipeline.data.decode import read_squashed
from pipeline.data.earlier_shards import EarlierShards, shards_in
from pipeline.data.pixel_store import Shard, digest_path, open_pixel_store
from pipeline.data.pixels import build_pixel_store

SIDE = 8


@pytest.fixture
def photos(tmp_path):
    """Return five photos."""
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        Image.new("RGB", (9, 9), (number, 20, 30)).save(path)
    return paths


@pytest.fixture
def decoded(monkeypatch):
    """Return the names of photos as they are decoded."""
    names = []

    def seen(path, *rest):
        names.append(path.stem)
        return read_squashed(path, *rest)

    monkeypatch.setattr(pixels, "read_squashed", seen)
    return names


def build(photos, folder, earlier=None, *, shard_photos=2, side=SIDE, turned=None):
    sizes = np.full((len(photos), 2), 9)
    options = {"shard_photos": shard_photos, "earlier": earlier, "turned": turned, "workers": 1}
    build_pixel_store(photos, sizes, folder / "photos.npy", side, **options)
    return open_pixel_store(folder / "photos.npy", len(photos))


def greys(store):
    return store[:][:, 0, 0, 0].tolist()


def test_nothing_is_decoded_twice(photos, tmp_path, decoded):
    first = build(photos, tmp_path / "a")
    assert sorted(decoded) == list("01234")
    again = build(photos, tmp_path / "b", tmp_path / "a")
    assert sorted(decoded) == list("01234")
    np.testing.assert_array_equal(again[:], first[:])
    (one,) = {shard.path.stat().st_nlink for shard in again.shards}
    assert one == 2  # the same bytes under two names


def test_only_the_file_of_a_changed_photo_is_made_again(photos, tmp_path, decoded):
    earlier = build(photos, tmp_path / "a")
    decoded.clear()
    Image.new("RGB", (9, 9), (99, 20, 30)).save(photos[2])
    assert greys(build(photos, tmp_path / "b", tmp_path / "a")) == [0, 1, 99, 3, 4]
    assert decoded == ["2", "3"]
    assert greys(earlier) == [0, 1, 2, 3, 4]


def test_files_are_found_wherever_they_stood(photos, tmp_path, decoded):
    build(photos[:4], tmp_path / "a")
    decoded.clear()
    assert greys(build(photos, tmp_path / "b", tmp_path / "a")) == [0, 1, 2, 3, 4]
    assert decoded == ["4"]
    decoded.clear()
    turned_around = photos[2:4] + photos[:2]
    assert greys(build(turned_around, tmp_path / "b")) == [2, 3, 0, 1]
    assert len(shards_in(tmp_path / "b", "photos.npy")) == 2  # of three before


def test_another_number_of_photos_in_a_file_leaves_nothing_of_the_earlier(photos, tmp_path):
    build(photos, tmp_path / "a", shard_photos=1)
    assert greys(build(photos, tmp_path / "a", shard_photos=9)) == [0, 1, 2, 3, 4]
    names = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert names == ["photos.npy", "photos.npy.sha256"]


@pytest.mark.parametrize("other", [{"side": 9}, {"turned": np.zeros(5, bool)}])
def test_what_is_made_in_another_way_is_made_again(photos, tmp_path, decoded, other):
    build(photos, tmp_path / "a")
    decoded.clear()
    build(photos, tmp_path / "b", tmp_path / "a", **other)
    assert len(decoded) == 5


def test_a_damaged_file_is_made_again(photos, tmp_path, decoded):
    store = build(photos, tmp_path / "a")
    damaged = store.shards[1].path
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    decoded.clear()
    assert greys(build(photos, tmp_path / "a")) == [0, 1, 2, 3, 4]
    assert decoded == ["2", "3"]


def test_without_its_digests_a_file_is_nothing(photos, tmp_path, decoded):
    store = build(photos, tmp_path / "a")
    digest_path(store.shards[2].path).unlink()
    decoded.clear()
    build(photos, tmp_path / "a")
    assert decoded == ["4"]


def test_a_disk_that_knows_no_second_names_is_written_to(photos, tmp_path, monkeypatch):
    build(photos, tmp_path / "a")
    earlier = EarlierShards([tmp_path / "a"], "photos.npy")
    origin = Shard(earlier.files[0]).made_from

    def refuse(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    assert not earlier.take(origin, tmp_path / "photos.npy")
    assert greys(build(photos, tmp_path / "b", tmp_path / "a")) == [0, 1, 2, 3, 4]


def test_other_files_are_left_alone(photos, tmp_path):
    build(photos, tmp_path / "a")
    for name in ("photos-1.npy", "photos-a-of-b.npy", "other.npy", "photos.npz"):
        shutil.copyfile(photos[0], tmp_path / "a" / name)
    build(photos, tmp_path / "a", shard_photos=5)
    assert {"photos-1.npy", "photos-a-of-b.npy", "other.npy", "photos.npz", "photos.npy"} < {
        file.name for file in (tmp_path / "a").iterdir()
    }
    assert shards_in(tmp_path / "nowhere", "photos.npy") == []
