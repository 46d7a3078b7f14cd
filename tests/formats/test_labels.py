"""Labels as columns: leaving out images leaves out their objects."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import LabelledBox, labels_of_boxes
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


@pytest.mark.parametrize("name", ["images/K\udce4se.jpg", "a\nb.jpg"])
def test_a_photo_whose_name_is_no_text_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        labels_of_boxes(Path("set/labels"), Path("set"), [{"file_name": name}], [])
    assert str(caught.value).startswith(f"set: photo {name!r} ")
    assert str(caught.value).endswith("; rename it")


def test_more_classes_than_numbers_are_refused() -> None:
    file = Path("x")
    boxes = [LabelledBox(0, f"{number:05}", [0, 0, 1, 1]) for number in range(2**15)]
    found = labels_of_boxes(file, file, [{"file_name": "a.jpg"}], boxes)
    assert found.labels[-1] == 32767
    boxes.append(LabelledBox(0, "one more", [0, 0, 1, 1]))
    with pytest.raises(InputError, match=r"x: has 32769 classes, of which 32768 can be numbered;"):
        labels_of_boxes(file, file, [{"file_name": "a.jpg"}], boxes)
