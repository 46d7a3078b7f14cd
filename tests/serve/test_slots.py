"""Slots are taken and released, whatever happens in between."""

import pytest

from pipeline.serve.limits import Refused
from pipeline.serve.slots import Slots

MANY = 1000  # bytes


def test_places_are_taken_and_free_again() -> None:
    slots = Slots(5, MANY)
    with slots.request() as one, slots.request() as other:
        one.extend_to(3)
        other.extend_to(2)
        assert slots.taken == 5
    assert slots.taken == 0


def test_a_full_queue_takes_nobody() -> None:
    slots = Slots(2, MANY)
    with slots.request(), slots.request():
        with (
            pytest.raises(Refused, match="too busy: 2 photos are waiting") as refused,
            slots.request(),
        ):
            pass
        assert (refused.value.status, refused.value.retry_after) == (503, 1)
        assert slots.taken == 2
    with slots.request():
        assert slots.taken == 1


def test_what_does_not_fit_leaves_no_place_taken() -> None:
    slots = Slots(3, MANY)
    with slots.request():
        with pytest.raises(Refused), slots.request() as greedy:
            greedy.extend_to(3)
        assert slots.taken == 1


def test_who_needs_more_than_there_are_is_not_told_to_try_again() -> None:
    slots = Slots(3, MANY)
    with pytest.raises(Refused, match="4 photos in one request; send at most 3") as refused:
        with slots.request() as greedy:
            greedy.extend_to(4)
    assert (refused.value.status, refused.value.retry_after) == (413, None)


def test_a_failure_frees_the_places() -> None:
    slots = Slots(3, MANY)
    with pytest.raises(ValueError, match="a bug"), slots.request() as one:
        one.extend_to(3)
        raise ValueError("a bug")
    assert slots.taken == 0


def test_bytes_of_all_requests_are_counted() -> None:
    slots = Slots(3, 10)
    with slots.request() as one:
        one.hold(6)
        with slots.request() as other:
            other.hold(4)
            with pytest.raises(Refused, match="too busy: requests of 0 MB are waiting") as refused:
                other.hold(1)
            assert (refused.value.status, refused.value.retry_after) == (503, 1)
            assert slots.bytes == 10
        assert slots.bytes == 6
    assert slots.bytes == 0
