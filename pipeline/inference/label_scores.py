"""Step 8: which scores a label takes, chosen on val once a rung has learnt."""

from collections.abc import Iterable

import pyarrow as pa
from torch import nn

from pipeline.data.batches import Batch
from pipeline.evaluate.label_scores import best_score_thresholds
from pipeline.evaluate.predictions import as_detections, as_truth, predictions_table
from pipeline.inference.detector import detect
from pipeline.rungs.saved_model import LABEL_SCORE, ModelCard

# As in `params.yaml`, but not from there: a change of how runs are scored is no new training.
_DECODING = {"score_threshold": 0.05, "nms_threshold": 0.5, "max_detections": 100}


def choose_label_scores(
    model: nn.Module, card: ModelCard, batches: Iterable[Batch], photos: pa.Table, objects: pa.Table
) -> dict[str, float]:
    """Return for each class the score above which its detections have the best F1 on val.

    Args:
        model: at rest, of a rung for all objects.
        card: the model's.
        batches: of the val photos, plain and in order.
        photos: their rows of the `images` table, in the same order.
        objects: their rows of the `objects` table.
    """
    found = [one for batch in batches for one in detect(model, card, batch.images, **_DECODING)]
    predictions = predictions_table(photos, found, card.image_size, card.classes)
    scores = best_score_thresholds(
        as_truth(objects),
        as_detections(predictions),
        len(card.classes),
        least=_DECODING["score_threshold"],
        fallback=LABEL_SCORE,
    )
    return dict(zip(card.classes, scores, strict=True))
