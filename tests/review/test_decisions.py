"""What a person decided is merged into the labels, or refused as being about others."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.review.decisions import Decision, apply_review, read_review, write_review
from tests.review.making import machine_labels, places

FILE = Path("review.json")
CAT, DOG = (10, 10, 20, 20), (5, 5, 30, 30)


def decide(photo: str, name: str, box: tuple, action: str, to: str = "") -> Decision:
    return Decision(photo=photo, name=name, box=box, action=action, to=to)


def test_no_decisions_change_nothing(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    assert places(apply_review(labels, [], FILE)) == places(labels)


def test_accepted_rejected_relabelled(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    reviewed = apply_review(
        labels,
        [
            decide("a.jpg", "cat", CAT, "accept"),
            decide("b.jpg", "dog", DOG, "relabel", "fox"),
            decide("b.jpg", "cat", (30, 10, 20, 20), "reject"),
        ],
        FILE,
    )
    assert places(reviewed) == [(0, "cat", -1), (1, "fox", -1)]
    assert reviewed.classes == ["cat", "dog", "fox"]
    assert len(reviewed.images) == 3


def test_the_last_decision_about_a_box_counts(tmp_path: Path) -> None:
    twice = [decide("a.jpg", "cat", CAT, "reject"), decide("a.jpg", "cat", CAT, "accept")]
    assert (0, "cat", -1) in places(apply_review(machine_labels(tmp_path), twice, FILE))


def test_a_second_round_decides_about_what_the_first_has_made(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    first = [decide("a.jpg", "cat", CAT, "relabel", "fox")]
    second = [decide("a.jpg", "fox", CAT, "relabel", "dog")]
    once = apply_review(labels, [*first, *second], FILE)
    assert places(once)[0] == (0, "dog", -1)
    assert places(apply_review(apply_review(labels, first, FILE), second, FILE)) == places(once)


def test_boxes_of_two_classes_on_one_place_stay_apart(tmp_path: Path) -> None:
    """The cat of a.jpg is told to be a dog, and the dog on the same place is rejected."""
    labels = machine_labels(tmp_path)
    both = replace(
        labels,
        ids=np.array([*labels.ids, 9]),
        rows=np.array([*labels.rows, 0], np.int32),
        labels=np.array([*labels.labels, labels.classes.index("dog")]),
        boxes=np.array([*labels.boxes.tolist(), list(CAT)]),
        ignore=np.array([*labels.ignore, False]),
        scores=np.array([*labels.scores, 0.5], np.float32),
    )
    decisions = [
        decide("a.jpg", "cat", CAT, "relabel", "dog"),
        decide("a.jpg", "dog", CAT, "reject"),
    ]
    for some in (decisions, decisions[::-1]):
        reviewed = apply_review(both, some, FILE)
        assert [one for one in places(reviewed) if one[0] == 0] == [(0, "dog", -1)]
    # In a review of what came of it there is one dog, which was the cat.
    fox = [*decisions, decide("a.jpg", "dog", CAT, "relabel", "fox")]
    assert (0, "fox", -1) in places(apply_review(both, fox, FILE))


def test_earlier_decisions_about_what_is_gone_are_passed_over(tmp_path: Path) -> None:
    gone = [decide("z.jpg", "cat", CAT, "reject"), decide("a.jpg", "cat", CAT, "reject")]
    labels = machine_labels(tmp_path)
    assert [one for one in places(apply_review(labels, [], FILE, gone)) if one[0] == 0] == []
    with pytest.raises(InputError, match=r"z.jpg: no cat at"):
        apply_review(labels, gone, FILE)


def test_decisions_are_written_and_read(tmp_path: Path) -> None:
    decisions = [decide("a.jpg", "cat", CAT, "relabel", "fox")]
    write_review(tmp_path / "review.json", decisions)
    assert read_review(tmp_path / "review.json") == decisions
    with pytest.raises(ValueError, match="a box that is relabelled needs a class"):
        decide("a.jpg", "cat", CAT, "relabel", " ")


@pytest.mark.parametrize("photo, name, box", [("z.jpg", "cat", CAT), ("a.jpg", "cat", DOG)])
def test_a_box_that_is_not_there_is_refused(tmp_path: Path, photo, name, box) -> None:
    with pytest.raises(InputError, match=rf"review.json: {photo}: no cat at .*; review them as th"):
        apply_review(machine_labels(tmp_path), [decide(photo, name, box, "accept")], FILE)


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "review.json"
    with pytest.raises(InputError, match=r"no such file; export it from the page of"):
        read_review(file)
    for text in ("{", "[]", '{"decisions": [{"photo": "a.jpg"}]}'):
        file.write_text(text)
        with pytest.raises(InputError, match=r"review.json: no review \("):
            read_review(file)
    file.write_text(json.dumps({"decisions": []}))
    assert read_review(file) == []
