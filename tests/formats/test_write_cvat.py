"""Labels that are written as CVAT's XML are read again as they were."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.formats.cvat import CVAT
from pipeline.formats.labels import LabelledBox, labels_of_boxes

SIDE = st.floats(0, 500).map(lambda value: round(value, 2))
NAME = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1)
BOXES = st.lists(
    st.builds(LabelledBox, row=st.integers(0, 2), name=NAME, box=st.tuples(SIDE, SIDE, SIDE, SIDE)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(BOXES)
def test_there_and_back(boxes: list[LabelledBox]) -> None:
    boxes = sorted(boxes, key=lambda box: box.row)
    images = [
        {"file_name": f"a/{row}.jpg", "width": 500, "height": 400, "split": split}
        for row, split in enumerate(("train", "val", None))
    ]
    with TemporaryDirectory() as folder:
        place = Path(folder)
        labels = labels_of_boxes(place, place, images, boxes)
        CVAT.write(labels, place / "annotations.xml")
        found = CVAT.find(place, None)
        assert found is not None
        again = CVAT.read(found)
    assert again.images.equals(labels.images)
    assert again.classes == labels.classes
    assert again.labels.tolist() == labels.labels.tolist()
    assert again.rows.tolist() == labels.rows.tolist()
    assert abs(again.boxes - labels.boxes).max() < 1e-9
