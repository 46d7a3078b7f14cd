"""Where photos lie on a page, and that no page is too large."""

import numpy as np
import pytest

from pipeline.report.figures import LARGEST_SIDE
from pipeline.report.page import CAPTION, GAP, NOTE, TITLE, Layout, View, layout_of


@pytest.mark.parametrize("photos", [1, 2, 5, 12, 13, 24, 60, 100])
def test_every_number_of_photos_has_room_on_a_moderate_page(photos):
    layout = layout_of(photos)
    assert layout.rows * layout.columns >= photos
    assert (layout.rows - 1) * layout.columns < photos  # no empty row
    assert max(layout.size_wh) <= LARGEST_SIDE
    assert layout.cell >= 60
    assert layout.columns <= photos


def test_the_page_is_as_large_as_its_photos():
    width, height = Layout(2, 3, 100).size_wh
    assert width == 3 * (100 + GAP) + GAP
    assert height == 2 * (100 + CAPTION + GAP) + TITLE + NOTE


def test_the_fourth_of_three_columns_begins_a_row():
    view = View.of(Layout(2, 3, 100), 3, (50, 50))
    assert view.corner == (GAP, TITLE + NOTE + 100 + CAPTION + GAP)


def test_a_wide_photo_is_scaled_to_the_cell_and_centred():
    view = View((200, 100), 100, (10, 20))
    assert (view.shown_wh, view.inset) == ((100, 50), (0, 25))
    boxes = np.array([[0.0, 0, 200, 100], [50, 50, 300, 100]])
    assert view.to_cell(boxes).tolist() == [[0, 25, 100, 75], [25, 50, 100, 75]]
    assert view.to_page(boxes[:1]).tolist() == [[10, 45, 110, 95]]


def test_a_photo_is_pasted_on_its_mat():
    page = np.full((120, 120, 3), 255, np.uint8)
    View((200, 100), 100, (10, 20)).paste(page, np.full((8, 8, 3), 7, np.uint8))
    assert (page[45:95, 10:110] == 7).all()
    assert (page[20:45, 10:110] == 237).all()
    assert (page[:20] == 255).all() and (page[:, :10] == 255).all()
