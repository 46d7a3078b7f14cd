"""What a training step of `ssd_fpn` costs with other choices than ours, one changed at a time."""

from collections.abc import Callable

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
    everything: bool = False,
    compiled: bool = False,
    resting: bool = True,
) -> Callable[[], None]:
    """Return what learns from each of `photos` once, in steps of `batch_size`."""
    import torch

    mine = learner(RUNG, PHOTOS // batch_size, precision=precision, resting=resting)
    if everything:
        _leave_no_layer_out(mine.model)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    mine.model.to(memory_format=layout)
    if compiled:
        mine.forward = torch.compile(mine.model)
    batches = _slices(photos, batch_size, layout)
    default = torch.get_num_threads()

    def run() -> None:
        torch.set_num_threads(threads or default)
        for batch in batches:
            mine.step(batch)
        torch.set_num_threads(default)

    return run


def _leave_no_layer_out(model) -> None:
    """Give the layers that learn in float32 their own class back."""
    from pipeline.models.float32_layers import _Float32

    for layer in model.modules():
        if isinstance(layer, _Float32):
            layer.__class__ = type(layer).__mro__[2]


def _cases() -> list[Case]:
    from pipeline.memory import keep_freed_memory

    keep_freed_memory()
    photos = _photos()
    return [
        Case("as in training", "ours", _steps(photos)),
        Case("early layers not folded", "peer", _steps(photos, resting=False)),
        Case("float32", "peer", _steps(photos, precision="float32")),
        Case("bfloat16 in every layer", "peer", _steps(photos, everything=True)),
        Case("not channels last", "peer", _steps(photos, channels_last=False)),
        Case("one thread", "peer", _steps(photos, threads=1)),
        Case("batches of 16", "peer", _steps(photos, batch_size=16)),
        Case("batches of 64", "peer", _steps(photos, batch_size=64)),
        Case("torch.compile", "peer", _steps(photos, compiled=True)),
    ]


TOPIC = Topic(
    f"Choices: a training step of {RUNG}, 224 px",
    (Setting("late phase", PHOTOS, "photos", _cases, repeats=3),),
    "The same photos in all cases, on the processor named above. Folded early layers are channels "
    "last in every case, so *not channels last* is said of the others alone. The time of compiling "
    "itself is not part of the figures.",
)
