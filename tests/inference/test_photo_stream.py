"""Photos without a store: what a model is given is what the store would have held."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pipeline.inference.photo_stream import find_photos, stream_photos

from pipeline.data.pixels import decode_photo, squash
from pipeline.errors import InputError

PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255,) * 3}  # pixels come out as they are


def painted(path: Path, width: int, height: int, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 255, (height // 4, width // 4, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).resize((width, height)).save(path)
    return path


def batches_of(paths, batch_size=2, **options):
    values = {"image_size": 32, "device": torch.device("cpu"), **PLAIN, **options}
    return list(stream_photos(paths, batch_size=batch_size, **values))


def test_pixels_sizes_and_order_are_the_photos(tmp_path):
    paths = [painted(tmp_path / f"{n}.png", 40 + 8 * n, 64, n) for n in range(5)]
    batches = batches_of(paths)
    assert [len(batch.paths) for batch in batches] == [2, 2, 1]
    assert [path for batch in batches for path in batch.paths] == paths
    sizes = np.concatenate([batch.sizes_wh for batch in batches])
    assert sizes.tolist() == [[40 + 8 * n, 64] for n in range(5)]
    images = torch.cat([batch.images for batch in batches])
    for image, path in zip(images, paths, strict=True):
        expected = torch.from_numpy(squash(decode_photo(path), 32)).permute(2, 0, 1).float()
        torch.testing.assert_close(image, expected)


def test_pixels_are_normalised(tmp_path):
    path = tmp_path / "grey.png"
    Image.new("RGB", (20, 20), (51, 102, 255)).save(path)
    [batch] = batches_of([path], mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0))
    torch.testing.assert_close(batch.images[0, :, 3, 7], torch.tensor([-1.2, -0.2, 0.5]))


def test_a_photo_that_does_not_decode_is_named_and_the_others_come(tmp_path):
    paths = [painted(tmp_path / f"{n}.jpg", 40, 40, n) for n in range(3)]
    paths[1].write_bytes(b"no photo")
    first, second = batches_of(paths)
    assert first.paths == paths[:1] and len(first.images) == 1
    [line] = first.refused
    assert str(paths[1]) in line and "does not decode" in line
    assert second.paths == paths[2:] and not second.refused


def test_a_photo_that_cannot_be_read_is_named_and_the_others_come(tmp_path):
    good, bad = painted(tmp_path / "good.jpg", 40, 40), tmp_path / "bad.jpg"
    bad.mkdir()
    [batch] = batches_of([bad, good])
    assert batch.paths == [good]
    [line] = batch.refused
    assert str(bad) in line and "cannot be read" in line


def test_a_batch_of_nothing_but_bad_photos_is_empty(tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    [batch] = batches_of([bad])
    assert batch.images.shape == (0, 3, 1, 1)
    assert batch.sizes_wh.shape == (0, 2) and len(batch.refused) == 1


def test_the_caller_keeps_its_threads(tmp_path):
    before = torch.get_num_threads()
    batches_of([painted(tmp_path / "one.png", 40, 40)])
    assert torch.get_num_threads() == before


def test_photos_of_a_folder_are_found_in_order(tmp_path):
    wanted = [painted(tmp_path / name, 8, 8) for name in ("a/2.JPG", "a/b/1.png", "c.jpeg")]
    (tmp_path / "labels.json").write_text("{}")
    (tmp_path / "d.jpg").mkdir()
    assert find_photos(tmp_path) == wanted


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_no_folder_and_no_photo_are_named(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"{name}: no (such folder|photo in it); "):
        find_photos(tmp_path / name)
