"""Classes are renamed, merged, kept and dropped by name."""

from dataclasses import replace

import pytest

from pipeline.errors import InputError
from pipeline.tables.classes import choose_classes
from tests.data.making import SMALL, labels, pascal

FOUND = labels(pascal(SMALL))  # objects: dog, cat, dog, dog


def test_nothing_wanted_changes_nothing() -> None:
    assert choose_classes(FOUND, rename={}) is FOUND


def test_a_class_is_renamed() -> None:
    chosen = choose_classes(FOUND, rename={"dog": "hound"})
    assert chosen.classes == ["cat", "hound"]
    assert chosen.labels.tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize("rename", [{}, {"cat": "cat"}])
def test_classes_that_differ_in_case_alone_are_noted(rename: dict[str, str]) -> None:
    spelled = choose_classes(FOUND, rename={"dog": "CAT"})
    what = "classes whose names differ in case alone: 1, first cat and CAT"
    assert spelled.classes == ["cat", "CAT"]
    assert spelled.notes == (f"{what}; fetch.classes.rename can make them one",)
    assert choose_classes(spelled, rename={"CAT": "cat"}).classes == ["cat"]
    assert len(choose_classes(replace(spelled, notes=()), rename=rename).notes) == 1


def test_accents_may_be_written_either_way() -> None:
    chosen = choose_classes(FOUND, rename={"dog": "cafe\u0301"})
    assert chosen.classes == ["cat", "caf\u00e9"]
    assert choose_classes(chosen, rename={"cafe\u0301": "dog"}).classes == ["cat", "dog"]


def test_two_classes_of_one_new_name_are_one() -> None:
    chosen = choose_classes(FOUND, rename={"dog": "pet", "cat": "pet"})
    assert chosen.classes == ["pet"]
    assert chosen.labels.tolist() == [0, 0, 0, 0]
    assert choose_classes(FOUND, rename={"cat": "dog"}).classes == ["dog"]


@pytest.mark.parametrize("how", [{"keep": ["dog"]}, {"keep": [" dog"]}, {"drop": ["cat"]}])
def test_objects_of_other_classes_are_left_out_and_noted(how: dict) -> None:
    chosen = choose_classes(FOUND, rename={}, **how)
    assert chosen.classes == ["dog"]
    assert chosen.ids.tolist() == [10, 12, 13]
    assert chosen.labels.tolist() == [0, 0, 0]
    assert len(chosen.images) == 3
    assert chosen.notes == ("1 object of class cat is left out",)


def test_unknown_names_and_no_class_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"fetch.classes.rename: no class 'do'; there are cat, dog"
    ):
        choose_classes(FOUND, rename={"do": "dog"})
    with pytest.raises(
        InputError, match=r"fetch.classes.keep: no class 'dog'; there are cat, hound"
    ):
        choose_classes(FOUND, rename={"dog": "hound"}, keep=["dog"])
    with pytest.raises(InputError, match="leaves no class"):
        choose_classes(FOUND, rename={}, drop=["cat", "dog"])


@pytest.mark.parametrize(
    ("rename", "fault"),
    [
        ({"dog": " "}, "' ' is not a name; give one"),
        ({"dog": "a\nb"}, r"'a\nb' holds a control character, which XML and CSV cannot; rename it"),
        ({"dog": "hound", "dog ": "pet"}, "renames dog twice; keep one pair"),
    ],
)
def test_what_no_label_file_could_say_is_refused(rename: dict[str, str], fault: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_classes(FOUND, rename=rename)
    assert str(caught.value) == f"params.yaml: fetch.classes.rename: {fault}"
    assert choose_classes(FOUND, rename={"dog": "pet", "dog ": " pet"}).classes == ["cat", "pet"]
