"""Labels that are written as Pascal JSON are read again as they were."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats.labels import LabelledBox, labels_of_boxes
from pipeline.formats.pascal import PASCAL
from tests.formats.test_pascal import assert_same

SIDE = st.floats(0, 1e6)
BOXES = st.lists(
    st.builds(
        LabelledBox,
        row=st.integers(0, 2),
        name=st.sampled_from(["cat", "dog & co", "猫"]),
        box=st.tuples(SIDE, SIDE, SIDE, SIDE),
        ignore=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(BOXES)
def test_there_and_back(boxes: list[LabelledBox]) -> None:
    images = [
        {"file_name": f"a/{row}.jpg", "width": 500, "height": 400, "split": split}
        for row, split in enumerate(("train", "val", None))
    ]
    with TemporaryDirectory() as folder:
        place = Path(folder)
        labels = labels_of_boxes(place / "labels.json", place, images, boxes)
        PASCAL.write(labels, labels.file)
        found = PASCAL.find(place, None)
        assert found is not None
        again = PASCAL.read(found)
    assert_same(again, labels)
    assert again.notes == ()


def test_scores_are_written_where_a_model_has_labelled(tmp_path: Path) -> None:
    image = {"file_name": "a.jpg", "width": 9, "height": 9}
    for score in (0.123456, None):
        box = LabelledBox(0, "cat", [1, 2, 3, 4], score=score)
        labels = labels_of_boxes(tmp_path, tmp_path, [image], [box])
        PASCAL.write(labels, tmp_path / "labels.json")
        item = json.loads((tmp_path / "labels.json").read_text())["annotations"][0]
        assert item.get("score") == (None if score is None else 0.1235)
