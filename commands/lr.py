"""`ladder lr`: which learning rate suits a rung on this data."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Run the learning-rate finder for a rung and write lr_finder/RUNG.png."""
    parser = argparse.ArgumentParser(prog="ladder lr", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG")
    # The names of `THAWED`, whose import would load torch for --help.
    parser.add_argument("--phase", choices=("head", "late", "all"), default="head")
    parser.add_argument("--steps", type=int, default=60, help="of the whole range (default 60)")
    options = parser.parse_args(arguments)
    if options.steps < 2:
        parser.error("--steps must be at least 2")
    print(f"the curve: {find(options.rung, options.phase, options.steps)}")
    return 0


def find(name: str, phase: str, steps: int) -> Path:
    """Return the path of the curve, after printing the suggested rate."""
    import torch

    from pipeline.data.inputs import PARAMS, read_inputs
    from pipeline.memory import keep_freed_memory
    from pipeline.models.device import choose_device
    from pipeline.models.layer_groups import LayerGroups
    from pipeline.params import load_params
    from pipeline.report.curves import learning_rate_curve
    from pipeline.rungs.registry import find_rung
    from pipeline.train.lr_finder import find_learning_rate
    from pipeline.train.schedule import THAWED
    from stages.train import batches, model_card, pretrained_model

    keep_freed_memory()
    rung, params = find_rung(name), load_params(PARAMS)
    shared, section = params.train.shared, params.rung(name)
    inputs = read_inputs(rung)
    torch.manual_seed(shared.seed)
    card = model_card(rung, params, inputs.classes)
    model = pretrained_model(card, shared.weights, choose_device(shared.device))
    layers = LayerGroups(model)
    layers.thaw(THAWED[phase])
    found = find_learning_rate(
        model,
        layers.parameters,
        phase,
        rung.family().losses(model, card.params[name]),
        batches(params, inputs, card, model)[0],
        steps=steps,
        lr_divisor=section.lr_divisor,
        weight_decay=shared.weight_decay,
        seed=shared.seed,
        precision=shared.precision,
    )
    path = Path("lr_finder") / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    learning_rate_curve(path, found.rates, found.losses, found.suggestion)
    advice = "the loss never fell" if found.suggestion is None else f"{found.suggestion:.1e}"
    print(f"{name}, {phase} learning: steepest fall of the loss at lr = {advice}")
    return path
