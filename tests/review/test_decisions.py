"""What a person decided is merged into the labels, or refused as being about others."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.review.decisions import (
    Decision,
    Review,
    Reviews,
    apply_reviews,
    read_review,
    read_reviews,
    write_reviews,
)
from tests.review.making import machine_labels, places

CAT, DOG = (10, 10, 20, 20), (5, 5, 30, 30)


def decide(photo: str, name: str, box: tuple, action: str, to: str = "") -> Decision:
    return Decision(photo=photo, name=name, box=box, action=action, to=to)


def apply(labels: Labels, *decisions: Decision) -> Labels:
    """Return labels after decisions that all fit."""
    reviewed = apply_reviews(labels, [Review(decisions=list(decisions))])
    assert reviewed.unfit == [[]]
    return reviewed.labels


def test_no_decisions_change_nothing(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    assert places(apply(labels)) == places(labels)


def test_accepted_rejected_relabelled(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    reviewed = apply(
        labels,
        decide("a.jpg", "cat", CAT, "accept"),
        decide("b.jpg", "dog", DOG, "relabel", "fox"),
        decide("b.jpg", "cat", (30, 10, 20, 20), "reject"),
    )
    assert places(reviewed) == [(0, "cat", -1), (1, "fox", -1)]
    assert reviewed.classes == ["cat", "dog", "fox"]
    assert len(reviewed.images) == 3


def test_the_last_decision_about_a_box_counts(tmp_path: Path) -> None:
    twice = [decide("a.jpg", "cat", CAT, "reject"), decide("a.jpg", "cat", CAT, "accept")]
    assert (0, "cat", -1) in places(apply(machine_labels(tmp_path), *twice))


def test_a_second_round_decides_about_what_the_first_has_made(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    first = [decide("a.jpg", "cat", CAT, "relabel", "fox")]
    second = [decide("a.jpg", "fox", CAT, "relabel", "dog")]
    once = apply(labels, *first, *second)
    assert places(once)[0] == (0, "dog", -1)
    assert places(apply(apply(labels, *first), *second)) == places(once)


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
        reviewed = apply(both, *some)
        assert [one for one in places(reviewed) if one[0] == 0] == [(0, "dog", -1)]
    # In a review of what came of it there is one dog, which was the cat.
    fox = [*decisions, decide("a.jpg", "dog", CAT, "relabel", "fox")]
    assert (0, "fox", -1) in places(apply(both, *fox))


@pytest.mark.parametrize("photo, name, box", [("z.jpg", "cat", CAT), ("a.jpg", "cat", DOG)])
def test_decisions_about_what_is_not_there_are_told(tmp_path: Path, photo, name, box) -> None:
    lost, fits = decide(photo, name, box, "reject"), decide("a.jpg", "cat", CAT, "reject")
    reviews = [Review(decisions=[]), Review(decisions=[lost, fits])]
    reviewed = apply_reviews(machine_labels(tmp_path), reviews)
    assert reviewed.unfit == [[], [lost]]
    assert [one for one in places(reviewed.labels) if one[0] == 0] == []


def test_decisions_about_a_photo_that_has_changed_are_not_about_it() -> None:
    one, other = (decide(name, "cat", CAT, "reject") for name in ("a.jpg", "b.jpg"))
    review = Review(decisions=[one, other], photos={"a.jpg": "abc"})
    assert review.about({"a.jpg": "abc", "b.jpg": "x"}).decisions == [one, other]
    assert review.about({"a.jpg": "abd", "b.jpg": "x"}).decisions == [other]
    assert review.about({}).decisions == [other]  # of b.jpg nothing is known, as in old reviews


def test_a_later_export_of_a_page_takes_the_place_of_the_earlier_one() -> None:
    first, second, third = (
        Review(page=page, decisions=[decide("a.jpg", "cat", CAT, action)])
        for page, action in (("one", "reject"), ("two", "accept"), ("one", "accept"))
    )
    reviews = Reviews(reviews=[]).with_latest(first).with_latest(second)
    assert reviews.reviews == [first, second]
    assert reviews.with_latest(third).reviews == [third, second]
    same_from_another_page = first.model_copy(update={"page": "three"})
    assert len(reviews.with_latest(same_from_another_page).reviews) == 3
    unknown = first.model_copy(update={"page": ""})
    assert len(reviews.with_latest(unknown).with_latest(unknown).reviews) == 3


def test_reviews_are_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "review.json"
    assert read_reviews(file).reviews == []
    review = Review(page="one", decisions=[decide("a.jpg", "cat", CAT, "relabel", "fox")])
    write_reviews(file, Reviews(reviews=[review]))
    assert read_reviews(file).reviews == [review]
    file.write_text(review.model_dump_json())  # as earlier versions kept it
    assert read_review(file) == review
    assert read_reviews(file).reviews == [review]


def test_a_class_typed_by_hand_is_one_that_labels_can_hold(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    reviewed = apply(labels, decide("a.jpg", "cat", CAT, "relabel", " dog "))
    assert (reviewed.classes, places(reviewed)[0]) == (["cat", "dog"], (0, "dog", -1))
    for to, fault in ((" ", "is not a name; give one"), ("a\nb", "holds a control character")):
        with pytest.raises(ValueError, match=rf"the class .* of a relabelled box {fault}"):
            decide("a.jpg", "cat", CAT, "relabel", to)


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "review.json"
    with pytest.raises(InputError, match=r"no such file; export it from the page of"):
        read_review(file)
    for text in ("{", "[]", '{"decisions": [{"photo": "a.jpg"}]}'):
        file.write_text(text)
        for read in (read_review, read_reviews):
            with pytest.raises(InputError, match=r"review.json: not a review \([^/]*\); export"):
                read(file)
    file.write_text(json.dumps({"decisions": []}))
    assert read_review(file).decisions == []
