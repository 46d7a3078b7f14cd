"""What was found in one photo, as `predictions_table` takes it."""

from typing import NamedTuple

import numpy as np


class Found(NamedTuple):
    """Boxes `(K, 4)`, labels `(K,)` and scores `(K,)`."""

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
