"""Photos in, boxes out: the same for every form of a photo, in pixels of each photo."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline.errors import InputError
from pipeline.inference.detector import Detector
from pipeline.params.params import PredictParams
from pipeline.rungs.registry import find_rung
from tests.inference.making import (
    CLASSES,
    EVERYTHING,
    SIDE,
    detector_of,
    equal,
    model_of,
    photo_file,
    pixels_of,
    saved,
)

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
ORIENTATION = 0x0112  # the EXIF tag


@pytest.fixture(scope="module")
def detector():
    return detector_of("ssd_fpn", batch_size=2)


def test_no_photos_have_no_detections(detector):
    assert detector.predict([]) == []
    assert detector.predict([], []) == []


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_has_a_photo_in_it(size):
    with pytest.raises(InputError, match=rf"batch_size: {size} is below 1"):
        detector_of("ssd_fpn", batch_size=size)


@pytest.mark.parametrize("form", [str, Path, Image.open])
def test_one_photo_is_no_list_of_photos(detector, tmp_path, form):
    with pytest.raises(InputError, match="is one photo; give a list of photos"):
        detector.predict(form(photo_file(tmp_path / "a.png")))


@pytest.mark.parametrize("rung", ["classifier", "bbox", "combined", "ssd_fpn"])
def test_it_is_the_rung_that_decodes_what_its_model_says(rung):
    pixels = pixels_of(SIDE, SIDE)  # not scaled, neither the photo nor its boxes
    with torch.no_grad():
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.5, 0.4, 0.3), (0.25, 0.2, 0.1)))
        outputs = model_of(rung)((image - mean) / std)
    [expected] = find_rung(rung).decode(outputs, image_size=SIDE, **EVERYTHING.model_dump())
    [found] = detector_of(rung).predict([pixels])
    assert len(found) == len(expected.scores) == (5 if rung == "ssd_fpn" else 1)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.boxes, expected.boxes, rtol=1e-3, atol=0.02)
    assert (found.boxes.dtype, found.labels.dtype, found.scores.dtype) == ("f4", "i8", "f4")


def test_a_path_an_array_and_an_image_have_the_same_boxes(detector, tmp_path):
    path = photo_file(tmp_path / "a.png")
    forms = [
        path,
        str(path),
        pixels_of(60, 40),
        Image.open(path),
        Image.fromarray(pixels_of(60, 40)),
    ]
    first, *others = detector.predict(forms)
    assert len(first) == 5 and first.size_wh == (60, 40)
    for other in others:  # in other batches, where sums are rounded in another order
        assert other.size_wh == first.size_wh
        np.testing.assert_array_equal(other.labels, first.labels)
        np.testing.assert_allclose(other.boxes, first.boxes, atol=0.01)


def test_boxes_are_in_pixels_of_each_photo(detector):
    square = pixels_of(SIDE, SIDE)
    own, tall = detector.predict([square, square], [(SIDE, SIDE), (SIDE // 2, SIDE * 3)])
    assert own.boxes.max() > 1
    np.testing.assert_allclose(tall.boxes, own.boxes * [0.5, 3, 0.5, 3], rtol=1e-6)
    assert (own.size_wh, tall.size_wh) == ((64, 64), (32, 192))


def test_a_photo_is_squashed_to_the_input_and_its_boxes_back(detector):
    # Four equal pixels for each one: squashed again, they are the smaller photo.
    small = pixels_of(SIDE, SIDE)
    large = small.repeat(2, 0).repeat(2, 1)
    first, second = detector.predict([small, large])
    assert second.size_wh == (128, 128)
    assert abs(first.scores[0] - second.scores[0]) < 0.01
    np.testing.assert_allclose(second.boxes[0], first.boxes[0] * 2, atol=4)


def test_a_stream_yields_what_predict_returns(detector, tmp_path):
    photos = [photo_file(tmp_path / f"{n}.png", 30 + n, 40, seed=n) for n in range(5)]
    together = detector.predict(photos)
    assert len(together) == 5
    assert all(map(equal, together, detector.stream(iter(photos))))
    alone = [detector.predict([photo])[0] for photo in photos]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.01)
    assert len({tuple(one.boxes[0]) for one in together}) == 5  # each has its own


def test_a_stream_reads_no_further_than_two_batches_ahead(detector):
    taken = []

    def photos():
        for number in range(100):
            taken.append(number)
            yield pixels_of(8, 8, number)

    stream = detector.stream(photos())  # in batches of 2
    assert not taken
    next(stream)
    assert len(taken) <= 6
    stream.close()
    assert len(taken) <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_files_and_images_alike(detector, tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "turned.png"
    Image.fromarray(pixels_of(60, 40)).save(path, exif=exif)
    upright = np.array(Image.fromarray(pixels_of(60, 40)))
    turns = {  # what a viewer does, https://www.exif.org/Exif2-2.PDF, section 4.6.4
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a),
    }
    expected = np.ascontiguousarray(turns.get(orientation, lambda a: a)(upright))
    by_file, by_image, by_array = (
        detector.predict([photo])[0] for photo in (path, Image.open(path), expected)
    )
    assert by_array.size_wh == ((60, 40) if orientation < 5 else (40, 60))
    assert equal(by_file, by_array) and equal(by_image, by_array)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "RGBA", "CMYK", "P"])
def test_images_of_any_mode_are_their_rgb(detector, mode):
    image = Image.fromarray(pixels_of(60, 40)).convert(mode)
    [found], [expected] = (
        detector.predict([image]),
        detector.predict([np.array(image.convert("RGB"))]),
    )
    assert equal(found, expected)


def test_a_read_only_array_is_taken_without_a_word(detector):
    pixels = pixels_of(SIDE, SIDE)
    pixels.flags.writeable = False
    with warnings.catch_warnings(action="error"):
        assert len(detector.predict([pixels])) == 1


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), r"photo 1: is an array of float32 \(4, 4, 3\); .* uint8"),
        (np.zeros((3, 4, 4), np.uint8), r"photo 1: is an array of uint8 \(3, 4, 4\); "),
        (np.zeros((4, 4), np.uint8), r"photo 1: is an array of uint8 \(4, 4\); "),
        (np.zeros((0, 4, 3), np.uint8), r"photo 1: is an array of uint8 \(0, 4, 3\); "),
        (Image.new("F", (4, 4), float("nan")), r"photo 1: does not decode \(none of its pixels is"),
        ("absent.jpg", r"absent\.jpg: photo: no such file; "),
    ],
)
def test_a_photo_of_another_kind_is_named(detector, photo, message):
    with pytest.raises(InputError, match=message):
        detector.predict([pixels_of(8, 8), photo])


def test_a_broken_photo_is_named_and_the_others_may_go_on(detector, tmp_path):
    photos = [photo_file(tmp_path / f"{n}.jpg", seed=n) for n in range(4)]
    for broken in photos[1:3]:
        broken.write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"1\.jpg: photo: does not decode"):
        detector.predict(photos)
    first, *errors, last = detector.stream_all(photos)
    assert len(first) == len(last) == 5
    assert [isinstance(error, InputError) for error in errors] == [True, True]
    assert equal(last, detector.predict(photos[3:])[0])  # alone in its batch, as there


def test_a_batch_of_nothing_but_broken_photos(detector, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    assert [type(found) for found in detector.stream_all([broken] * 3)] == [InputError] * 3


def test_the_decoding_is_obeyed():
    few = PredictParams(min_score=0.0, nms_threshold=0.5, max_detections=2)
    none = PredictParams(min_score=1.0, nms_threshold=0.5, max_detections=2)
    photo = pixels_of(60, 40)
    assert len(detector_of("ssd_fpn", decoding=few).predict([photo])[0]) == 2
    [nothing] = detector_of("ssd_fpn", decoding=none).predict([photo])
    assert nothing.boxes.shape == (0, 4) and len(nothing) == 0


def test_the_callers_threads_stay(detector):
    before = torch.get_num_threads()
    detector.predict([pixels_of(8, 8)])
    assert torch.get_num_threads() == before


def test_a_folder_is_loaded(tmp_path):
    detector = Detector.load(saved(tmp_path / "m", "ssd_fpn"), device="cpu", decoding=EVERYTHING)
    assert detector.classes == CLASSES
    photo = pixels_of(60, 40)
    assert equal(detector.predict([photo])[0], detector_of("ssd_fpn").predict([photo])[0])


def test_no_model_is_told(tmp_path):
    with pytest.raises(InputError, match=r"none/model\.json: no model there; "):
        Detector.load(tmp_path / "none")
