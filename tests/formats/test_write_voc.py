"""Labels that are written as VOC XML are read again as they were."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats.labels import LabelledBox, labels_of_boxes
from pipeline.formats.voc import VOC

PHOTOS = ("a.jpg", "day1/b.jpg", "day1/c.jpg")
START, SIDE = st.integers(0, 800).map(lambda n: n / 2), st.integers(2, 800).map(lambda n: n / 2)
BOXES = st.lists(
    st.builds(
        LabelledBox,
        row=st.integers(0, 2),
        name=st.sampled_from(["cat", "dog & co", "猫"]),
        box=st.tuples(START, START, SIDE | st.just(0), SIDE),
        ignore=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(BOXES)
def test_there_and_back(boxes: list[LabelledBox]) -> None:
    boxes = sorted(boxes, key=lambda box: box.row)
    images = [
        {"file_name": name, "width": 500, "height": 400, "split": split}
        for name, split in zip(PHOTOS, ("train", "val", "test"), strict=True)
    ]
    with TemporaryDirectory() as folder:
        place = Path(folder)
        labels = labels_of_boxes(place, place, images, boxes)
        VOC.write(labels, place)
        for name in PHOTOS:
            photo = place / "JPEGImages" / name
            photo.parent.mkdir(parents=True, exist_ok=True)
            photo.touch()
        found = VOC.find(place, None)
        assert found is not None
        again = VOC.read(found)
    assert again.images.equals(labels.images)
    assert (again.classes, again.notes) == (labels.classes, ())
    assert again.labels.tolist() == labels.labels.tolist()
    assert again.rows.tolist() == labels.rows.tolist()
    assert again.ignore.tolist() == labels.ignore.tolist()
    expected = labels.boxes.copy()
    expected[:, 2:][expected[:, 2:] == 1] = 0  # a pixel is taken for a click without a drag
    assert np.abs(again.boxes - expected).max() < 1e-4


def test_a_score_is_written(tmp_path: Path) -> None:
    box = LabelledBox(0, "cat", [1, 2, 3, 4], score=0.25)
    image = {"file_name": "a.jpg", "width": 9, "height": 9}
    VOC.write(labels_of_boxes(tmp_path, tmp_path, [image], [box]), tmp_path)
    text = (tmp_path / "Annotations/a.xml").read_text()
    assert "<score>0.25</score>" in text
    assert "<xmin>2</xmin>" in text and "<xmax>4</xmax>" in text
    assert not (tmp_path / "ImageSets").exists()
