import json

import numpy as np
import pytest
from PIL import Image

from pipeline.boxes import xywh_to_xyxy
from pipeline.report.figures import class_color
from pipeline.report.marks import Marks
from pipeline.report.page import CAPTION, GAP, NOTE, TITLE, Layout
from pipeline.report.photo_grid import photo_grid

NAMES = ["cat", "dog", "price in $ or $"]
BOX = np.array([[56.0, 56, 168, 168]])
OTHER = np.array([[20.0, 100, 60, 140]])
CELL = 448  # a photo of 224 is drawn at twice its size
ONE = Layout(1, 1, CELL)
LEFT, TOP = GAP, TITLE + NOTE  # of the first photo
STEP_X, STEP_Y = CELL + GAP, CELL + CAPTION + GAP


def photo_of(color, width=224, height=224):
    return np.full((height, width, 3), color, dtype=np.uint8)


def drawn(tmp_path, photos, truths, predictions, **kwargs):
    path = tmp_path / "grid.png"
    photo_grid(path, photos, truths, predictions, names=NAMES, title="on val", **kwargs)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def one_cell(tmp_path, truth, predicted, photo=None, **kwargs):
    """The pixels of a grid of one photo, without the title above and the gap at the left."""
    photo = photo_of((40, 90, 140)) if photo is None else photo
    picture = drawn(tmp_path, [photo], [truth], [predicted], layout=ONE, **kwargs)
    return picture[TOP:, LEFT:]


def has(pixels, color, tolerance=12):
    """Whether any of the pixels has about this RGB colour (0..255)."""
    near = np.abs(pixels.reshape(-1, 3) - np.asarray(color)) <= tolerance
    return bool(near.all(1).any())


def color_of(label):
    return np.multiply(class_color(label), 255)


def test_a_photo_without_marks_is_only_the_photo(tmp_path):
    cell = one_cell(tmp_path, Marks(), Marks())
    assert (cell[:CELL, :CELL] == (40, 90, 140)).all()


def test_a_zero_area_box_does_not_fail(tmp_path):
    point = np.array([[50.0, 50, 50, 50]])
    cell = one_cell(tmp_path, Marks(point), Marks(point, np.array([0]), np.array([0.5])))
    assert has(cell[90:110, 90:110], color_of(0))


def test_prediction_has_its_class_colour_where_its_box_is(tmp_path):
    cell = one_cell(tmp_path, Marks(), Marks(BOX, np.array([1]), np.array([0.9])))
    across_left_edge = cell[224, 112 - 6 : 112 + 7]
    assert has(across_left_edge[5:8], color_of(1))
    assert has(across_left_edge[:4], (0, 0, 0), 60)  # the dark stroke outside
    assert has(across_left_edge[-4:], (0, 0, 0), 60)  # and inside
    for inside_or_outside in (cell[224, 224], cell[224, 60], cell[400, 224]):
        assert (inside_or_outside == (40, 90, 140)).all()


def test_tag_is_black_on_the_class_colour_above_the_box(tmp_path):
    cell = one_cell(tmp_path, Marks(), Marks(BOX, np.array([0]), np.array([0.9])))
    tag = cell[92:106, 115:150]
    assert has(tag, color_of(0))
    assert has(tag, (0, 0, 0), 40)


def test_a_box_without_class_is_yellow_and_has_no_tag(tmp_path):
    cell = one_cell(tmp_path, Marks(), Marks(BOX))
    assert has(cell[224, 110:115], color_of(-1))
    assert (cell[92:104, 115:150] == (40, 90, 140)).all()


@pytest.mark.parametrize(("ignore", "bright"), [(False, 255), (True, 191)])
def test_truth_is_thin_and_broken_and_grey_where_ignored(tmp_path, ignore, bright):
    cell = one_cell(tmp_path, Marks(BOX, np.array([0]), ignore=np.array([ignore])), Marks())
    edge = cell[150:300, 112]
    assert has(edge, [bright] * 3)
    assert has(edge, (0, 0, 0), 60)
    assert edge.max() <= bright + 12
    assert (cell[150:300, 118] == (40, 90, 140)).all()


def test_the_better_score_lies_on_top(tmp_path):
    boxes = np.concatenate([BOX, BOX])
    for scores, label in (([0.9, 0.3], 0), ([0.3, 0.9], 1)):
        predicted = Marks(boxes, np.array([0, 1]), np.array(scores))
        cell = one_cell(tmp_path, Marks(), predicted)
        assert has(cell[224, 111:114], color_of(label))
        assert not has(cell[224, 111:114], color_of(1 - label))


def test_many_boxes_each_have_their_colour(tmp_path):
    predicted = Marks(np.concatenate([BOX, OTHER]), np.array([0, 2]), np.array([0.9, 0.8]))
    cell = one_cell(tmp_path, Marks(np.concatenate([BOX, OTHER])), predicted)
    assert has(cell[224, 110:115], color_of(0))
    assert has(cell[240, 38:43], color_of(2))


def test_in_a_crowd_tags_are_left_out_and_never_hide_each_other(tmp_path):
    count = 30
    boxes, scores = np.repeat(OTHER, count, 0), np.linspace(0.9, 0.1, count)
    crowd = one_cell(tmp_path, Marks(), Marks(boxes, np.zeros(count, int), scores))
    few = one_cell(tmp_path, Marks(), Marks(boxes[:8], np.zeros(8, int), scores[:8]))
    np.testing.assert_array_equal(crowd, few)  # eight corners hold a tag, the others none


def test_a_wide_photo_keeps_its_proportions(tmp_path):
    # 200 x 100 in a cell of 448: scale 2.24, drawn from row 112 to row 336.
    box = np.array([[50.0, 25, 150, 75]])
    predicted = Marks(box, np.array([1]), np.array([0.9]))
    wide = one_cell(tmp_path, Marks(), predicted, photo_of((40, 90, 140), 200, 100))
    squashed = one_cell(tmp_path, Marks(), predicted, sizes_wh=[(200, 100)])
    for cell in (wide, squashed):
        assert (cell[100, 10] == 237).all()  # the mat
        assert (cell[120, 10] == (40, 90, 140)).all()
        assert (cell[330, 440] == (40, 90, 140)).all()
        assert has(cell[224, 110:115], color_of(1))


def test_a_box_beyond_the_photo_is_closed_at_its_border(tmp_path):
    beyond = np.array([[56.0, 56, 400, 168]])
    cell = one_cell(tmp_path, Marks(), Marks(beyond, np.array([1]), np.array([0.9])))
    assert has(cell[224, 446:450], color_of(1))


GREEN, RED = (19, 122, 43), (196, 22, 28)


@pytest.mark.parametrize(("guess", "present", "absent"), [(1, GREEN, RED), (0, RED, GREEN)])
def test_class_only_is_judged_below_the_photo(tmp_path, guess, present, absent):
    truth = Marks(labels=np.array([1]))
    predicted = Marks(labels=np.array([guess]), scores=np.array([0.7]))
    cell = one_cell(tmp_path, truth, predicted, single=True)
    assert (cell[:CELL, :CELL] == (40, 90, 140)).all()
    assert has(cell[CELL:], present, 40)
    assert not has(cell[CELL:], absent, 40)


def test_size_follows_rows_and_columns_and_spare_cells_stay_white(tmp_path):
    photos = [photo_of((10, 20, 30)), photo_of((40, 50, 60)), photo_of((70, 80, 90))]
    nothing = [Marks()] * 3
    picture = drawn(tmp_path, photos, nothing, nothing, layout=Layout(2, 2, CELL))
    assert picture.shape == (2 * STEP_Y + TOP, 2 * STEP_X + GAP, 3)
    assert (picture[TOP + 200, LEFT + 200] == (10, 20, 30)).all()
    assert (picture[TOP + 200, LEFT + STEP_X + 200] == (40, 50, 60)).all()
    assert (picture[TOP + STEP_Y + 200, LEFT + 200] == (70, 80, 90)).all()
    assert (picture[TOP + STEP_Y :, LEFT + STEP_X :] == 255).all()
    one_row = drawn(tmp_path, photos, nothing, nothing, layout=Layout(1, 2, CELL))
    assert one_row.shape[0] == STEP_Y + TOP


def test_a_long_caption_is_written_smaller_and_an_endless_one_left_out(tmp_path):
    def ink(caption):
        """Where the letters below the photo end: lowest row and rightmost column."""
        below = one_cell(tmp_path, Marks(), Marks(), captions=[caption])[CELL:]
        rows, columns = np.nonzero(below.sum(-1) < 600)
        return (rows.max(), columns.max()) if len(rows) else None

    short, two_lines, long = ink("0" * 40), ink("0" * 40 + "\n0"), ink("0" * 70)
    assert short[1] < CELL and two_lines[0] > short[0] + 10
    assert short[1] < long[1] < CELL and long[0] < short[0]
    assert ink("0" * 200) is None


def test_equal_input_gives_equal_bytes(tmp_path):
    predicted = [Marks(np.concatenate([BOX, OTHER]), np.array([1, 2]), np.array([0.9, 0.8]))]
    kwargs = {"names": NAMES, "title": "a $ and a $", "captions": ["p$1$.jpg"]}
    kwargs["layout"] = ONE
    for name in ("a.png", "b.png"):
        photo_grid(tmp_path / name, [photo_of(9)], [Marks(BOX)], predicted, **kwargs)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_boxes_lie_on_the_objects_of_a_real_photo(tmp_path, shared):
    folder = shared("voc2007")
    labels = json.loads((folder / "pascal_train2007.json").read_text())
    image = next(image for image in labels["images"] if image["file_name"] == "000012.jpg")
    rows = [row for row in labels["annotations"] if row["image_id"] == image["id"]]
    box = xywh_to_xyxy(np.array([row["bbox"] for row in rows[:1]]))
    with Image.open(folder / "images" / image["file_name"]) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((224, 224)))
    size_wh = (image["width"], image["height"])
    cell = one_cell(tmp_path, Marks(), Marks(box), pixels, sizes_wh=[size_wh])
    scale = CELL / max(size_wh)
    top = (CELL - size_wh[1] * scale) / 2
    left_edge, middle = box[0, 0] * scale, top + (box[0, 1] + box[0, 3]) / 2 * scale
    assert has(cell[round(middle), round(left_edge) - 1 : round(left_edge) + 2], color_of(-1))
