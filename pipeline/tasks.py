"""What a rung predicts for a photo, which determines its targets and metrics."""

from enum import Enum

_BOX_METRICS = ("l1_px", "mean_iou")
_MAP_METRICS = ("voc_map_50", "voc_map_50_11pt", "coco_map", "coco_map_50", "coco_map_75")


class Task(Enum):
    """What to predict: the largest object of a photo, or every object in it."""

    CLASSIFY = "classify"
    LOCATE = "locate"
    CLASSIFY_AND_LOCATE = "classify_and_locate"
    DETECT = "detect"

    @property
    def every_object(self) -> bool:
        """Whether all objects of a photo are predicted, not just the largest."""
        return self is Task.DETECT

    @property
    def answers_class(self) -> bool:
        """Whether the class of an object is predicted."""
        return self is not Task.LOCATE

    @property
    def answers_box(self) -> bool:
        """Whether the box of an object is predicted."""
        return self is not Task.CLASSIFY

    @property
    def table(self) -> str:
        """The name of the table with the ground truth, `objects` or `largest`."""
        return "objects" if self.every_object else "largest"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all its metrics, in the order of the results table."""
        if self.every_object:
            return _MAP_METRICS
        accuracy = ("accuracy",) if self.answers_class else ()
        return accuracy + (_BOX_METRICS if self.answers_box else ())

    @property
    def headline(self) -> str:
        """The metric by which runs are compared."""
        if self.every_object:
            return "voc_map_50"
        return "l1_px" if self.answers_box else "accuracy"
