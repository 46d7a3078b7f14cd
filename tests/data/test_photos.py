"""The photos of a split and their objects: each with its own, none with those of another."""

import numpy as np
import pyarrow as pa
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from pipeline.data.photos import photos_of_split
from tests.data.split import OBJECTS, images_table, objects_table, photos_of, store


def all_of(photos):
    """Return boxes, labels, ignore and weights of all photos."""
    return photos.objects_of(torch.arange(len(photos)))


def test_photo_without_objects_is_background():
    photos = photos_of()
    assert photos.rows.tolist() == [0, 1, 2, 4]
    boxes, labels, ignore, weights = photos.objects_of(torch.tensor([2]))
    assert labels.tolist() == [[-1, -1, -1]]
    assert not boxes.any() and not ignore.any() and not weights.any()


def test_a_split_without_objects_and_one_without_photos():
    boxes, labels, _, _ = all_of(photos_of(objects=[]))
    assert labels.tolist() == [[-1]] * 4 and boxes.shape == (4, 1, 4)
    boxes, labels, _, _ = all_of(photos_of("test"))
    assert labels.shape == (0, 1) and boxes.shape == (0, 1, 4)


def test_objects_go_to_their_photo_and_are_padded():
    boxes, labels, ignore, _ = all_of(photos_of())
    assert labels.dtype == torch.int64
    assert labels.tolist() == [[0, 1, 2], [1, 2, -1], [-1, -1, -1], [2, -1, -1]]
    assert ignore.tolist() == [[False, True, False], *[[False] * 3] * 3]
    # Shares of 200 x 100, in the order of the annotations.
    assert_close(
        boxes[0],
        torch.tensor([[0.25, 0.25, 0.75, 0.75], [0.5, 0.5, 1, 1], [0, 0, 0.1, 0.2]]),
    )
    assert_close(boxes[3], torch.tensor([[0.0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]))


def test_what_a_model_has_labelled_counts_by_its_score():
    objects = objects_table()
    scores = pa.array([None, None, 0.5, None, None, None, None], pa.float32())
    objects = objects.set_column(objects.schema.get_field_index("score"), "score", scores)
    photos = photos_of_split(
        store(), images_table(), objects, "train", empty_photos=True, machine_weight=0.8
    )
    *_, weights = all_of(photos)
    # Photo 30: an object of the model, one that is ignored, one of a person.
    assert_close(weights[0], torch.tensor([0.4, 1.0, 1.0]))
    assert_close(weights[2], torch.zeros(3))  # without objects, padded


def test_other_split_is_padded_to_its_own_fullest_photo():
    photos = photos_of("val")
    assert photos.rows.tolist() == [3]
    assert all_of(photos)[1].tolist() == [[1]]


def test_largest_leaves_out_photos_without_an_object():
    largest = [OBJECTS[0], OBJECTS[1], OBJECTS[2], OBJECTS[3]]
    photos = photos_of(objects=largest, empty_photos=False)
    assert photos.rows.tolist() == [0, 1, 4]
    assert all_of(photos)[1].tolist() == [[0], [1], [2]]


def test_one_full_photo_makes_no_other_photo_longer():
    """Padded, these objects would take 400 rows."""
    crowd = [(10, 1, (0, 0, 9, 9), False)] * 100
    photos = photos_of(objects=[*OBJECTS[:3], *crowd])
    assert photos.most_objects == 100
    assert len(photos.labels) == 1 + 1 + 100 + 1  # of photos 30 and 20, the crowd, and none


@given(st.lists(st.tuples(st.sampled_from([30, 10, 4, 7, 20]), st.integers(0, 2)), max_size=12))
def test_objects_are_those_of_a_plain_loop(drawn):
    objects = [
        (photo, label, (0, 0, 10 + at, 10), at % 2 == 0) for at, (photo, label) in enumerate(drawn)
    ]
    photos = photos_of(objects=objects)
    boxes, labels, ignore, _ = photos.objects_of(torch.tensor([3, 0]))
    for row, photo in enumerate((20, 30)):
        own = [one for one in objects if one[0] == photo]
        assert labels[row].tolist()[: len(own)] == [one[1] for one in own]
        assert ignore[row].tolist()[: len(own)] == [one[3] for one in own]
        widths = np.array([one[2][2] for one in own]) / 200
        np.testing.assert_allclose(boxes[row, : len(own), 2], widths, rtol=1e-6)
        assert (labels[row, len(own) :] == -1).all()
