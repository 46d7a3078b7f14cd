"""`ladder export`: write a trained rung for other runtimes, checked against torch.

Examples:
  ladder export ssd_fpn                            exports/ssd_fpn.onnx: raw outputs
  ladder export ssd_fpn --format onnx-nms          boxes, labels and scores after suppression
  ladder export ssd_fpn --format openvino-int8     calibrated on train, refused if val drops

The input is raw pixels; normalisation, classes and all of model.json are inside. docs/export.md has
the inputs and outputs of each format.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from commands.options.parser import command_parser, number
from pipeline.errors import InputError
from pipeline.files import EVALUATION, EXPORTS, LABEL_SCORES, MODELS, PARAMS, PIXELS, TABLES
from pipeline.progress import tell
from pipeline.tasks import Task


def main(arguments: Sequence[str]) -> int:
    """Write a trained rung as ONNX, OpenVINO or a torch program."""
    options = _parse(arguments)
    # Imported here so that `--help` is instant.
    import torch

    from pipeline.data.inputs import read_inputs
    from pipeline.export.export import Exporter
    from pipeline.export.formats import EXPORT_FORMATS, check_out, check_suffix, export_path
    from pipeline.export.int8 import check_can_calibrate
    from pipeline.export.program import capture
    from pipeline.inference.described_model import check_is_there
    from pipeline.inference.engines.description import Description
    from pipeline.inference.label_scores import read_label_scores
    from pipeline.params.params import load_params
    from pipeline.rungs.registry import find_rung
    from pipeline.rungs.saved_model import load_model

    rung = find_rung(options.rung).name
    path: Path = options.out or export_path(EXPORTS, rung, options.format)
    check_suffix(path, options.format)
    if options.out:
        check_out(path)
    check_is_there(MODELS / rung)
    model, spec = load_model(MODELS / rung, torch.device("cpu"))
    inputs = None
    if PIXELS.is_file() and (TABLES / "images.parquet").is_file():
        inputs = read_inputs(Task(spec.task))
        if inputs.classes != spec.classes:
            raise InputError(
                f"{MODELS / rung}: was trained on other classes than the tables have; train again"
            )
    if EXPORT_FORMATS[options.format].write is None:
        check_can_calibrate(inputs)  # tracing takes longer
    scores = read_label_scores(EVALUATION / rung / LABEL_SCORES)
    description = Description(spec, load_params(PARAMS).predict, scores)
    tell(f"{rung}: tracing")
    exporter = Exporter(model, capture(model, spec), description, inputs, options.max_fall)
    for line in exporter.export(options.format, path):
        print(f"{rung}: {line}")
    files = [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]
    for file in files:
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("rung", metavar="RUNG", help="rung whose model in models/ to export")
    parser.add_argument(
        "--format",
        default="onnx",
        choices=("onnx", "onnx-nms", "openvino", "openvino-int8", "torch"),
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="(default: exports/RUNG with the format's suffix)"
    )
    parser.add_argument(
        "--max-fall",
        type=number(float, 0, 1),
        default=0.01,
        metavar="SHARE",
        help="how much a val metric may drop in int8 (%(default)s)",
    )
    return parser.parse_args(arguments)
