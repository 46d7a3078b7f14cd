"""Keys of boxes: equal to the pixel, equal key; photos with the same boxes in any order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.box_keys import box_keys, keys_of_photos
from pipeline.tables.build import build_tables
from tests.data.making import labels, pascal

BOX = st.tuples(*[st.integers(0, 5)] * 6)  # photo, class and edges, few enough to collide


@given(st.lists(BOX, min_size=1, max_size=40))
def test_keys_are_equal_where_all_six_numbers_are(rows):
    columns = np.array(rows)
    keys = box_keys(columns[:, 0], columns[:, 1], columns[:, 2:].astype(np.float32))
    assert len(set(keys.tolist())) == len(set(rows))


def test_edges_count_to_a_pixel():
    boxes = np.array([[0, 0, 10, 10], [0.4, 0, 9.6, 10], [0.6, 0, 10, 10]])
    keys = box_keys(np.zeros(3, int), np.zeros(3, int), boxes)
    assert keys[0] == keys[1] != keys[2]


def test_photos_with_the_same_boxes_in_another_order_have_the_same_key():
    first, second = ("cat", (0, 0, 10, 10), 0), ("dog", (5, 5, 20, 20), 0)
    other = ("dog", (5, 5, 20, 21), 0)
    objects = [(0, *first), (0, *second), (1, *second), (1, *first), (2, *first), (2, *other)]
    tables = build_tables(labels(pascal(objects)))
    keys = keys_of_photos(tables.images, tables.objects)
    assert keys[0] == keys[1] != keys[2]


def test_a_photo_without_boxes_differs_from_one_with_a_box():
    tables = build_tables(
        labels(pascal([(0, "cat", (0, 0, 1, 1), 0), (1, "dog", (0, 0, 9, 9), 1)]))
    )
    keys = keys_of_photos(tables.images, tables.objects)
    assert keys[2] == 0 != keys[0]
