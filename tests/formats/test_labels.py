"""Labels by columns: images that are left out take their objects along."""

import numpy as np

from tests.data.making import SMALL, labels, pascal


def test_no_image_is_left() -> None:
    none = labels(pascal(SMALL)).of_images(np.zeros(3, bool))
    assert (len(none.images), len(none.ids), none.boxes.shape) == (0, 0, (0, 4))


def test_objects_follow_their_images() -> None:
    first = labels(pascal(SMALL)).of_images(np.array([True, False, True]))
    assert first.images["id"].to_pylist() == [7, 9]
    assert (first.ids.tolist(), first.rows.tolist()) == ([11, 12, 13], [0, 0, 0])
    second = labels(pascal(SMALL)).of_images(np.array([False, True, True]))
    assert (second.ids.tolist(), second.rows.tolist()) == ([10], [0])
    assert second.boxes.tolist() == [[0, 0, 10, 10]]
