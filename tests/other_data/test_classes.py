"""Classes of labels and those of a model."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.other_data.classes import onto_classes
from pipeline.tasks import Task
from tests.data.making import SMALL, labels, pascal


def test_classes_are_in_the_order_of_the_model():
    mapped = onto_classes(labels(pascal(SMALL)), ["owl", "dog", "cat"], {}, Task.DETECT)
    assert mapped.classes == ["owl", "dog", "cat"]
    assert [mapped.classes[label] for label in mapped.labels] == ["dog", "cat", "dog", "dog"]


@pytest.mark.parametrize(
    ("task", "effect"),
    [
        (
            Task.DETECT,
            "mAP leaves them out; in confusion and errors what the model finds of them is an error",
        ),
        (Task.CLASSIFY, "what the model finds of them is an error"),
    ],
)
def test_what_classes_do_that_the_labels_do_not_have(task, effect):
    notes = onto_classes(labels(pascal(SMALL)), ["owl", "dog", "cat", "emu"], {}, task).notes
    there = "2 classes of the model (owl, emu): the labels do not have them"
    assert notes == (f"{there}; {effect}",)
    [of_one] = onto_classes(labels(pascal(SMALL)), ["owl", "dog", "cat"], {}, task).notes
    assert of_one.startswith("1 class of the model (owl): the labels do not have it; ")
    assert of_one.endswith("what the model finds of it is an error")


def test_a_model_that_answers_no_class_does_not_miss_one():
    found = onto_classes(labels(pascal(SMALL)), ["owl", "dog", "cat"], {}, Task.LOCATE)
    assert found.notes == ()


def test_objects_of_other_classes_are_left_out_and_counted():
    mapped = onto_classes(labels(pascal(SMALL)), ["cat"], {}, Task.DETECT)
    assert mapped.labels.tolist() == [0] and len(mapped.images) == 3
    assert mapped.notes == ("3 objects of class dog are left out, as the model does not have it",)


def test_one_object_that_is_left_out():
    mapped = onto_classes(labels(pascal(SMALL)), ["dog"], {}, Task.DETECT)
    assert mapped.notes == ("1 object of class cat is left out, as the model does not have it",)


def test_renamed_classes():
    mapped = onto_classes(labels(pascal(SMALL)), ["pet"], {"cat": "pet", "dog": "pet"}, Task.DETECT)
    assert mapped.labels.tolist() == [0] * 4
    assert mapped.notes == (
        "class cat of the labels is pet of the model",
        "class dog of the labels is pet of the model",
    )


def test_no_class_in_common_names_both_lists():
    words = r"no object of a class of the model: the objects are cat, dog, the model has owl"
    with pytest.raises(InputError, match=words):
        onto_classes(labels(pascal(SMALL)), ["owl"], {}, Task.DETECT)
    many = [f"c{number}" for number in range(30)]
    with pytest.raises(InputError, match=r"c19 and 10 more; give"):
        onto_classes(labels(pascal(SMALL)), many, {}, Task.DETECT)


def test_labels_without_objects():
    with pytest.raises(InputError, match=r"annotations: no object; label objects in the photos"):
        onto_classes(labels(pascal([])), ["cat"], {}, Task.DETECT)
    lost = replace(labels(pascal([])), notes=("label files lost: 3",))
    with pytest.raises(InputError, match=r", or correct what was left out: label files lost: 3$"):
        onto_classes(lost, ["cat"], {}, Task.DETECT)


def test_a_renamed_class_must_be_there():
    with pytest.raises(InputError, match=r"--rename bird=cat: no class 'bird'; there are"):
        onto_classes(labels(pascal(SMALL)), ["cat"], {"bird": "cat"}, Task.DETECT)
    with pytest.raises(InputError, match=r"--rename dog=owl: the model: no class 'owl'; there are"):
        onto_classes(labels(pascal(SMALL)), ["cat"], {"dog": "owl"}, Task.DETECT)


def test_a_category_without_objects_is_not_told_as_left_out():
    found = onto_classes(labels(pascal(SMALL[1:2])), ["cat"], {}, Task.DETECT)
    assert found.notes == () and np.array_equal(found.labels, [0])
