"""`ladder lr`: find a learning rate for a rung on this data.

Examples:
  ladder lr ssd_fpn                     lr_finder/ssd_fpn.png, and the suggested rate
  ladder lr ssd_fpn --phase late        with the backbone's late layers trained, too
"""

from collections.abc import Sequence
from pathlib import Path

from commands.options.parser import command_parser, number
from pipeline.files import PARAMS
from pipeline.params.params import Params, load_params


def main(arguments: Sequence[str]) -> int:
    """Run the learning-rate finder for a rung and write lr_finder/RUNG.png."""
    parser = command_parser(__doc__)
    parser.add_argument("rung", metavar="RUNG", help="as in params.yaml")
    # The keys of `THAWED`, whose import would load torch before the arguments are checked.
    parser.add_argument("--phase", choices=("head", "late", "all"), default="head")
    parser.add_argument(
        "--steps", type=number(int, 2), default=100, help="over the range of rates (%(default)s)"
    )
    options = parser.parse_args(arguments)
    params = load_params(PARAMS)
    params.rung(options.rung)  # raises if there is no such rung
    print(f"the curve: {find(params, options.rung, options.phase, options.steps)}")
    return 0


def find(params: Params, name: str, phase: str, steps: int) -> Path:
    """Return the path of the curve, after printing the suggested rate."""
    import torch

    from pipeline.data.inputs import read_training_data
    from pipeline.memory import keep_freed_memory
    from pipeline.models.device import choose_device
    from pipeline.report.curves import learning_rate_curve
    from pipeline.rungs.registry import find_rung
    from pipeline.train.lr_finder import find_learning_rate
    from stages.train import batches, model_spec, pretrained_model

    keep_freed_memory()
    rung, shared, own = find_rung(name), params.train.shared, params.rung(name)
    data = read_training_data(rung.task, shared.machine_weight)
    torch.manual_seed(shared.seed)
    spec = model_spec(rung, params, data.classes)
    device = choose_device(shared.device)
    model = pretrained_model(spec, shared.weights, device)
    source, _ = batches(params, data, spec, device)
    found = find_learning_rate(
        model,
        rung.criterion(model, own),
        source,
        phase_name=phase,
        steps=steps,
        shared=shared,
        rung=own,
    )
    path = Path("lr_finder") / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    learning_rate_curve(path, found.rates, found.smoothed, found.suggestion)
    advice = "the loss never fell"
    if found.suggestion is not None:
        advice = f"steepest fall of the loss at lr = {found.suggestion:.1e}"
    print(f"{name}, phase {phase}: {advice}")
    return path
