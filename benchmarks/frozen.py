"""Five epochs that train only the head: features cached, or the backbone run again."""

from benchmarks.batches import BATCH, our_batches
from benchmarks.photos import FOLDER, stored
from benchmarks.topic import Case, Setting, Topic
from benchmarks.train_step import Silent, learner

PHOTOS, EPOCHS = 160, 5


def cached(source, mine):
    """Return the source of features of a learner's frozen backbone."""
    from pipeline.train.feature_cache import FeatureCache

    precision = mine.shared.precision
    return FeatureCache(
        source, mine.model, seed=0, shuffled=True, precision=precision, folder=FOLDER
    )


def head_phase(mine, source) -> None:
    """Train the head for five epochs."""
    from pipeline.train.loop import train_one_epoch

    for epoch in range(EPOCHS):
        train_one_epoch(mine, source.epoch(epoch), 1 + epoch, epoch, Silent())


def _setting(rung: str) -> Setting:
    def cases() -> list[Case]:
        from pipeline.memory import keep_freed_memory

        keep_freed_memory()
        source = our_batches(stored(PHOTOS))
        mine, theirs = (learner(rung, PHOTOS // BATCH, phase="head") for _ in range(2))
        read = cached(source, mine)

        def see_and_learn() -> None:
            head_phase(mine, cached(source, mine))

        return [
            Case("ours, features cached", "ours", see_and_learn),
            Case("backbone run again", "peer", lambda: head_phase(theirs, source)),
            Case("reading the features", "limit", lambda: [list(read.epoch(0)) for _ in range(5)]),
            Case("heads alone", "limit", lambda: head_phase(mine, read)),
        ]

    return Setting(rung, PHOTOS * EPOCHS, "photos", cases, 5.0, repeats=5)


TOPIC = Topic(
    "Five epochs of a frozen phase, 224 px, batches of 32",
    tuple(_setting(rung) for rung in ("classifier", "ssd_189")),
    "Each photo has one random view, the same in all epochs of the phase "
    "(the later phases draw a new view in every epoch). The backbone runs once instead of five "
    "times, and the heads learn five epochs in any case (*heads alone*), so 5 x is out of reach. "
    "Both end with the same weights but for rounding when the views are the same "
    "(`tests/benchmarks/test_frozen.py`).",
)
