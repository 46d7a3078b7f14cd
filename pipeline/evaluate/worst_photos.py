"""The photos with the most errors, and what is wrong with each: step 7 of the journey."""

import numpy as np

from pipeline.evaluate.error_kinds import KINDS, Errors


def worst_photos(errors: Errors, photos: np.ndarray, count: int) -> list[tuple[int, str]]:
    """Return the photos with the most errors of any kind, the worst first.

    Args:
        errors: of `find_errors`.
        photos: `(P,)` different ids, all that occur in `errors` among them.
        count: of photos to return at most.

    Returns:
        for each photo its place in `photos`, and words like "2 missed, 1 background". Of two photos
        with as many errors the earlier comes first.
    """
    counts = errors_by_photo(errors, photos)
    worst = np.argsort(-counts.sum(1), kind="stable")[:count]
    return [(int(place), _in_words(counts[place])) for place in worst]


def errors_by_photo(errors: Errors, photos: np.ndarray) -> np.ndarray:
    """Return `(P, 6)`: how many errors of each of `KINDS` every photo has."""
    order = np.argsort(photos)
    counts = np.zeros((len(photos), len(KINDS)), dtype=int)
    for column, kind in enumerate(KINDS):
        places = order[np.searchsorted(photos, errors.photos(kind), sorter=order)]
        counts[:, column] = np.bincount(places, minlength=len(photos))
    return counts


def _in_words(counts: np.ndarray) -> str:
    """Return the kinds that occur, the most frequent first."""
    order = np.argsort(-counts, kind="stable")
    words = [f"{counts[kind]} {KINDS[kind]}" for kind in order if counts[kind]]
    return ", ".join(words) or "nothing wrong"
