"""Features are computed once, belong to their photos, and train a head as images do."""

import pytest
from torch.testing import assert_close

from pipeline.train.feature_cache import FeatureBatch, FeatureCache, outputs_of
from pipeline.train.schedule import Phase
from tests.train.making import Photos, Tiny, losses, train


class Counted(Tiny):
    """Counts the photos that its backbone has seen."""

    seen = 0

    def features(self, images):
        self.seen += len(images)
        return super().features(images)


def cached(source, model, folder, **changes):
    options = {"seed": 3, "shuffled": True, "precision": "float32", "folder": folder}
    return FeatureCache(source, model.eval(), **options | changes)


def test_every_photo_is_seen_once(tmp_path):
    model = Counted()
    source = cached(Photos(10, 4, noisy=True), model, tmp_path)
    for seed in range(5):
        assert sorted(int(p) for b in source.epoch(seed) for p in b.photo) == list(range(10))
    assert model.seen == 10
    assert len(source) == 3


def test_every_photo_has_its_turn_though_each_epoch_leaves_some_out(tmp_path):
    model = Counted()
    source = cached(Photos(10, 4, noisy=True, drops=True), model, tmp_path)
    epochs = [[int(p) for b in source.epoch(seed) for p in b.photo] for seed in range(20)]
    assert all(len(set(photos)) == 8 for photos in epochs)
    assert set().union(*epochs) == set(range(10))
    assert model.seen == 10


@pytest.mark.parametrize("shuffled", [True, False])
def test_features_belong_to_their_photos(tmp_path, shuffled):
    model, photos = Tiny(), Photos(10, 4)
    source = cached(photos, model, tmp_path, shuffled=shuffled)
    for batch in source.epoch(1):
        assert batch.labels.tolist() == photos.labels[batch.photo].tolist()
        expected = model(photos.images[batch.photo])
        assert_close(outputs_of(model, batch), expected)
        assert not batch.images.any()
        assert batch.images.shape == photos.images[batch.photo].shape
    orders = [[int(p) for b in source.epoch(seed) for p in b.photo] for seed in (1, 2, 1)]
    assert orders[0] == orders[2]
    assert (orders[0] != orders[1]) is shuffled
    assert (orders[0] == list(range(10))) is not shuffled


def test_a_batch_of_images_goes_through_the_whole_model():
    model, batch = Tiny().eval(), next(Photos().epoch(0))
    assert_close(outputs_of(model, batch), model(batch.images), rtol=0, atol=0)


def test_nothing_is_left_on_disk(tmp_path):
    list(cached(Photos(), Tiny(), tmp_path).epoch(0))
    assert list(tmp_path.iterdir()) == []


def test_a_head_phase_sees_each_photo_once_and_starts_where_images_do(tmp_path):
    # The order of photos differs, the photos do not: a loss of all of them at once is the same.
    phases, seen = [Phase("head", 3, 0.01)], []

    def spy(outputs, batch):
        seen.append(isinstance(batch, FeatureBatch))
        return losses(outputs, batch)

    model, other = Counted(), Tiny()
    for each in (model, other):
        each.head[1].p = 0.0
    whole = {"source": Photos(8, 8), "val": Photos(5, 8), "phases": phases}
    _, history = train(tmp_path / "a.pt", model, losses=spy, **whole)
    assert seen == [True] * 6
    assert model.seen == 8 + 5
    # A phase of one epoch gains nothing by it.
    seen.clear()
    single = [Phase("head", 1, 0.01)]
    _, rows = train(tmp_path / "b.pt", other, losses=spy, **whole | {"phases": single})
    assert seen == [False] * 2
    assert history[0]["train"]["loss"] == pytest.approx(rows[0]["train"]["loss"])


def test_other_phases_see_images(tmp_path):
    seen = []

    def spy(outputs, batch):
        seen.append(isinstance(batch, FeatureBatch))
        return losses(outputs, batch)

    train(tmp_path / "c.pt", Counted(), losses=spy, phases=[Phase("late", 2, 0.01)])
    assert not any(seen)
