"""What a training step of `ssd_fpn` costs with other choices than ours, one changed at a time."""

from collections.abc import Callable

from benchmarks.batches import our_batches
from benchmarks.photos import stored
from benchmarks.topic import Case, Setting, Topic
from benchmarks.train_step import learner

PHOTOS, RUNG = 64, "ssd_fpn"


def _steps(
    *,
    batch_size: int = 32,
    precision: str = "auto",
    threads: int | None = None,
    channels_last: bool = True,
    everything: bool = False,
    compiled: bool = False,
) -> Callable[[], None]:
    """Return what learns from the same photos once, in steps of `batch_size`."""
    import torch

    mine = learner(RUNG, PHOTOS // batch_size, precision=precision)
    if everything:
        _leave_no_layer_out(mine.model)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    mine.model.to(memory_format=layout)
    if compiled:
        mine.forward = torch.compile(mine.model)
    photos = next(our_batches(stored(PHOTOS)).epoch(0))
    rows = torch.arange(batch_size) % len(photos.images)
    columns = {name: column[rows] for name, column in vars(photos).items()}
    columns["images"] = columns["images"].contiguous(memory_format=layout)
    batch = type(photos)(**columns)
    default = torch.get_num_threads()

    def run() -> None:
        torch.set_num_threads(threads or default)
        for _ in range(PHOTOS // batch_size):
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
    return [
        Case("as in training", "ours", _steps()),
        Case("float32", "peer", _steps(precision="float32")),
        Case("bfloat16 in every layer", "peer", _steps(everything=True)),
        Case("not channels last", "peer", _steps(channels_last=False)),
        Case("one thread", "peer", _steps(threads=1)),
        Case("batches of 16", "peer", _steps(batch_size=16)),
        Case("batches of 64", "peer", _steps(batch_size=64)),
        Case("torch.compile", "peer", _steps(compiled=True)),
    ]


TOPIC = Topic(
    f"Choices: a training step of {RUNG}, 224 px",
    (Setting("late phase", PHOTOS, "photos", _cases, repeats=3),),
    "The same photos in all cases, on the processor named above. The time of compiling itself is "
    "not part of the figures.",
)
