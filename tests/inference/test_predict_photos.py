"""The predictions table of stored photos."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.inference.predict_photos import predict_photos
from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.schemas import IMAGES_SCHEMA, box_columns
from tests.inference.making import SIDE, detector_of, pixels_of


def images_of(*splits):
    rows = [
        {"image_id": 10 + i, "file_name": f"{i}.jpg", "width": 80, "height": 40, "split": split}
        | {"photo": f"{i}.jpg", "turned": True}
        for i, split in enumerate(splits)
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES_SCHEMA)


PIXELS = np.stack([pixels_of(SIDE, SIDE, seed) for seed in range(4)])


def test_photos_outside_train_are_predicted_in_their_order():
    detector = detector_of("combined", batch_size=2)
    images = images_of("test", "train", "val", "val")
    table = predict_photos(detector, images, PIXELS)
    assert table.schema == PREDICTIONS_SCHEMA
    assert table["image_id"].to_pylist() == [10, 12, 13]
    expected = detector.predict(PIXELS[[0, 2, 3]], [(80, 40)] * 3)
    np.testing.assert_array_equal(
        box_columns(table), np.concatenate([one.boxes for one in expected])
    )
    assert table["label"].to_pylist() == [int(one.labels[0]) for one in expected]


def test_without_photos_to_predict_it_says_so():
    with pytest.raises(InputError, match="no photo in val or test to predict; see fetch"):
        predict_photos(detector_of("bbox"), images_of("train", "train"), PIXELS[:2])
