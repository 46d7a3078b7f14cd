"""Step 8: the rungs, and what belongs together in each.

A rung is one entry in `RUNGS`. Its family (`largest.py` or `ssd.py`) says which head, losses and
decoder it has. Families are imported only when asked for, so that training a classifier loads
nothing of SSD, and an edit there leaves the classifier alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.rungs.largest.rung import LargestFamily
    from pipeline.rungs.ssd.rung import SsdFamily


@dataclass(frozen=True)
class Rung:
    """One step of the ladder.

    Attributes:
        name: as in `params.yaml` and `dvc.yaml`.
        table: `largest` (one object a photo) or `objects` (all of them).
        headline: the metric by which runs of this rung are compared.
        metrics: all metric names it is scored by, in the order of the table of results.
    """

    name: str
    table: str
    headline: str
    metrics: tuple[str, ...]

    def family(self) -> LargestFamily | SsdFamily:
        """Return what builds, trains and decodes this rung's model."""
        if self.table == "largest":
            from pipeline.rungs.largest.rung import LargestFamily

            return LargestFamily(self.name)
        from pipeline.rungs.ssd.rung import SsdFamily

        return SsdFamily(self.name)


_BOX_METRICS = ("l1_px", "mean_iou")
_SSD_METRICS = ("voc_map_50", "voc_map_50_11pt", "coco_map", "coco_map_50", "coco_map_75")

RUNGS = (
    Rung("classifier", "largest", "accuracy", ("accuracy",)),
    Rung("bbox", "largest", "l1_px", _BOX_METRICS),
    Rung("combined", "largest", "l1_px", ("accuracy", *_BOX_METRICS)),
    Rung("ssd_4x4", "objects", "voc_map_50", _SSD_METRICS),
    Rung("ssd_189", "objects", "voc_map_50", _SSD_METRICS),
    Rung("ssd_fpn", "objects", "voc_map_50", _SSD_METRICS),
)


def find_rung(name: str) -> Rung:
    """Return the rung called `name`; an unknown one is an `InputError` that lists them."""
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise InputError(f"{name}: no such rung; there are {', '.join(rung.name for rung in RUNGS)}")
