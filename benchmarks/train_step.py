"""Training of each rung: our loop, the peer's loop, and the model's step on synthetic tensors."""

from pathlib import Path

from benchmarks.batches import BATCH, loader, our_batches
from benchmarks.photos import STORE, painted, stored
from benchmarks.topic import Case, Setting, Topic
from pipeline.params.params import load_params

PHOTOS, CLASSES = 96, 6
PARAMS = Path(__file__).parent.parent / "params.yaml"


def model_of(
    rung: str,
    side: int = STORE,
    classes: int = CLASSES,
    backbone: str = "tf_efficientnet_lite0",
):
    """Return the model of a rung with the demo's parameters and random weights."""
    import torch

    from pipeline.models.backbone import Backbone
    from pipeline.rungs.registry import find_rung

    torch.manual_seed(42)
    own, declared = load_params(PARAMS).rung(rung), find_rung(rung)
    model = declared.build(Backbone(backbone), side, classes, declared.options(own))
    return model.to(memory_format=torch.channels_last)


def learner(rung: str, steps: int, *, phase: str = "late", model=None, **changes):
    """Return a learner of a rung; `changes` override parameters of all rungs.

    By default its model is that of the demo at 224 pixels.
    """
    from pipeline.models.layer_groups import LayerGroups
    from pipeline.rungs.registry import find_rung
    from pipeline.train.learner import Learner
    from pipeline.train.schedule import THAWED, Phase

    params = load_params(PARAMS)
    own, model = params.rung(rung), model or model_of(rung)
    layers = LayerGroups(model, model.backbone)
    layers.thaw(THAWED[phase])
    return Learner(
        model,
        layers,
        find_rung(rung).criterion(model, own),
        None,
        Phase(phase, 1000, 1e-4),
        steps_per_epoch=steps,
        steps_before=0,
        shared=params.train.shared.model_copy(update=changes),
        rung=own,
    )


def reference_step(learner, batch) -> None:
    """Take one step as torchvision's detection reference writes it."""
    from pipeline.models.precision import autocast

    with autocast(batch.images.device, learner.shared.precision):
        outputs = learner.model(batch.images)
    losses = learner.criterion(outputs, batch)
    float(losses["loss"].detach())  # for its log, and to stop at a loss that is not finite
    learner.optimizer.zero_grad()
    losses["loss"].backward()
    learner.optimizer.step()
    learner.scheduler.step()


def _setting(rung: str) -> Setting:
    def cases() -> list[Case]:
        from pipeline.memory import keep_freed_memory
        from pipeline.train.loop import train_one_epoch

        keep_freed_memory()
        paths, pascal = painted(PHOTOS)
        source, peer = our_batches(stored(PHOTOS)), loader(paths, pascal)
        mine, bare, theirs = (learner(rung, PHOTOS // BATCH) for _ in range(3))
        float32 = learner(rung, PHOTOS // BATCH, precision="float32")
        still = next(iter(source.epoch(0)))

        def reference(theirs) -> None:
            for batch in peer:
                reference_step(theirs, batch)

        def synthetic() -> None:
            for _ in range(PHOTOS // BATCH):
                bare.step(still)

        return [
            Case("ours", "ours", lambda: train_one_epoch(mine, source.epoch(0), 1, 0, Silent())),
            Case("torchvision's way, 2 workers", "peer", lambda: reference(theirs)),
            Case("the same in float32", "peer", lambda: reference(float32)),
            Case("step on one batch, again and again", "limit", synthetic),
        ]

    return Setting(rung, PHOTOS, "photos", cases, 1.0, repeats=5)


class Silent:
    """Replaces a `TrainingWatch` and prints nothing."""

    def step(self, photos: int, losses: dict) -> None:
        """Ignore a step."""


TOPIC = Topic(
    "Training step of each rung, 224 px, batches of 32, late backbone and head learning",
    tuple(_setting(rung) for rung in load_params(PARAMS).rung_names),
    "The same model, losses and photos, and but for the named case the same precision: bfloat16 "
    "where the processor has units for it, with the layers in float32 that are slow in it "
    "(`pipeline/models/precision.py`). All run with freed memory kept (`pipeline/memory.py`), "
    "which the peer would not have by itself. The goal for the limit is 0.95.",
)
