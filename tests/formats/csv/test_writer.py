"""What is written as CSV."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.formats.csv.writer import write_csv
from pipeline.formats.labels import LabelledBox, labels_of_boxes


def test_rows_by_hand(tmp_path: Path) -> None:
    images = [
        {"file_name": "a.jpg", "width": 40, "height": 30, "split": None},
        {"file_name": "cats, two/b.jpg", "width": 40, "height": 30, "split": "val"},
    ]
    boxes = [LabelledBox(1, "cat", (1, 2, 3.25, 4), ignore=True)]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    assert write_csv([labels], tmp_path / "a.csv") == ()
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        '"file_name","width","height","split","name","xmin","ymin","xmax","ymax","ignore"',
        '"a.jpg",40,30,,,,,,,',
        '"cats, two/b.jpg",40,30,"val","cat",1,2,4.25,6,1',
    ]
    write_csv([replace(labels, scores=np.array([0.25], np.float32))], tmp_path / "b.csv")
    lines = (tmp_path / "b.csv").read_text().splitlines()
    assert (lines[0][-8:], lines[1][-2:], lines[2][-5:]) == (',"score"', ",,", ",0.25")
