"""Every choice that the benchmark compares learns from the same photos."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from benchmarks import choices
from benchmarks.photos import stored

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
OURS = "as in training"


class Notes:
    """A learner that notes what it is given."""

    def __init__(self):
        self.model = nn.Conv2d(3, 1, 1)
        self.step_batches = []
        self.step = self.step_batches.append


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    """Run every case once; return the batches that each learnt from, by its name."""
    folder, learners = tmp_path_factory.mktemp("choices"), []

    def learner(*arguments, **options):
        learners.append(Notes())
        return learners[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choices, "learner", learner)
        patch.setattr(choices, "stored", lambda count: stored(count, folder))
        patch.setattr("torch.compile", lambda model: model)
        patch.setattr("pipeline.memory.keep_freed_memory", lambda: None)
        cases = choices.TOPIC.settings[0].cases()
        for case in cases:
            case.run()
    return {case.name: each.step_batches for case, each in zip(cases, learners, strict=True)}


def in_order(batches):
    """Return the columns of all batches, sorted by photo."""
    names, order = vars(batches[0]), torch.cat([batch.photo for batch in batches]).argsort()
    return {name: torch.cat([vars(batch)[name] for batch in batches])[order] for name in names}


def test_every_case_learns_from_the_same_photos_once(batches):
    ours = in_order(batches[OURS])
    assert ours["photo"].tolist() == list(range(choices.PHOTOS))
    for seen in map(in_order, batches.values()):
        for name, column in seen.items():
            assert_close(column, ours[name], rtol=0, atol=0)


def test_batches_are_as_their_case_says(batches):
    sizes = {name: {len(batch.images) for batch in each} for name, each in batches.items()}
    assert (sizes.pop("batches of 16"), sizes.pop("batches of 64")) == ({16}, {64})
    assert set(map(frozenset, sizes.values())) == {frozenset({32})}
    assert [name for name, each in batches.items() if each[0].images.is_contiguous()] == [
        "not channels last"
    ]
