"""Scores for labels, chosen on photos of which a stand-in model finds the objects."""

import pyarrow as pa
import torch
from torch import nn

from pipeline.inference.label_scores import choose_label_scores
from tests.rungs.making import card_of, objects_batch


class Seer(nn.Module):
    """Finds the first photo's two objects, and one where there is none, less surely."""

    def forward(self, images):
        boxes = torch.tensor([[6.4, 6.4, 38.4, 44.8], [32, 25.6, 51.2, 57.6]]).repeat(3, 1, 1)
        scores = torch.full((3, 2, 3), 0.001)
        scores[0, 0, 0], scores[0, 1, 2], scores[1, 0, 0] = 0.8, 0.6, 0.4
        return {"boxes": boxes, "cls_logits": scores.logit()}


def test_between_what_is_right_and_what_is_wrong():
    card, batch = card_of("ssd_fpn"), objects_batch(64)
    card.params["shared"] = {"precision": "float32"}
    split = pa.array(["val"] * 3).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
    photos = pa.table(
        {"image_id": [1, 2, 3], "file_name": ["a", "b", "c"], "split": split,
         "width": [64] * 3, "height": [64] * 3}
    )  # fmt: skip
    objects = pa.table(
        {"image_id": [1, 1], "label": [0, 2], "ignore": [False, False],
         "xmin": [6.4, 32.0], "ymin": [6.4, 25.6], "xmax": [38.4, 51.2], "ymax": [44.8, 57.6]}
    )  # fmt: skip
    chosen = choose_label_scores(Seer(), card, [batch], photos, objects)
    # The owl is the last that was found; nothing was looked for below .05.
    assert chosen == {"cat": 0.6, "dog": 0.3, "owl": 0.325}
