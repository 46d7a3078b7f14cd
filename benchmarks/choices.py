"""What a training step of `ssd_fpn` costs if one of our choices is changed at a time."""

from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import patch

from benchmarks.batches import our_batches
from benchmarks.photos import stored
from benchmarks.topic import Case, Setting, Topic
from benchmarks.train_step import learner

PHOTOS, RUNG = 64, "ssd_fpn"


def _photos():
    """Return one augmented `Batch` of all the photos."""
    import torch

    from pipeline.data.batches import Batch

    parts = [vars(batch) for batch in our_batches(stored(PHOTOS)).epoch(0)]
    return Batch(**{name: torch.cat([part[name] for part in parts]) for name in parts[0]})


def _slices(photos, batch_size: int, layout) -> list:
    """Return the same photos as batches of `batch_size`, their images in this memory layout."""
    from pipeline.data.batches import Batch

    batches = []
    for start in range(0, PHOTOS, batch_size):
        columns = {name: c[start : start + batch_size] for name, c in vars(photos).items()}
        columns["images"] = columns["images"].contiguous(memory_format=layout)
        batches.append(Batch(**columns))
    return batches


def _steps(
    photos,
    *,
    batch_size: int = 32,
    precision: str = "auto",
    threads: int | None = None,
    channels_last: bool = True,
    all_bfloat16: bool = False,
    compiled: bool = False,
) -> Callable[[], None]:
    """Return a run that trains on each of `photos` once, in steps of `batch_size`."""
    import torch

    mine = learner(RUNG, PHOTOS // batch_size, precision=precision, compile=compiled)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    mine.model.to(memory_format=layout)
    batches = _slices(photos, batch_size, layout)
    default = torch.get_num_threads()

    def run() -> None:
        torch.set_num_threads(threads or default)
        with plain_autocast() if all_bfloat16 else nullcontext():
            for batch in batches:
                mine.step(batch)
        torch.set_num_threads(default)

    return run


def plain_autocast():
    """Return a context in which no layer is kept in float32."""
    return patch("pipeline.models.precision.SlowGradientsInFloat32", nullcontext)


def _cases() -> list[Case]:
    from pipeline.memory import keep_freed_memory

    keep_freed_memory()
    photos = _photos()
    return [
        Case("as in training", "ours", _steps(photos)),
        Case("float32", "peer", _steps(photos, precision="float32")),
        Case("bfloat16 in every layer", "peer", _steps(photos, all_bfloat16=True)),
        Case("not channels last", "peer", _steps(photos, channels_last=False)),
        Case("one thread", "peer", _steps(photos, threads=1)),
        Case("batches of 16", "peer", _steps(photos, batch_size=16)),
        Case("batches of 64", "peer", _steps(photos, batch_size=64)),
        Case("torch.compile", "peer", _steps(photos, compiled=True)),
    ]


TOPIC = Topic(
    f"Choices: a training step of {RUNG}, 224 px",
    (Setting("late phase", PHOTOS, "photos", _cases, repeats=3),),
    "The same photos in all cases, on the processor named above. The time of compiling itself is "
    "not part of the figures.",
)
