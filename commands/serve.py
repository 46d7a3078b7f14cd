"""`ladder serve`: serve a trained rung over HTTP: photos in, boxes out.

Examples:
  ladder serve                                     models/ssd_fpn on http://127.0.0.1:8000
  ladder serve --model models:/ssd_fpn@champion --host 0.0.0.0 --port 80
  curl -F photos=@street.jpg http://127.0.0.1:8000/predict

The address itself is a page to drop photos on. SIGTERM and Ctrl-C end the server after it has
answered the requests in flight. docs/serving.md has the JSON, the limits and the metrics.
"""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from commands.options.model import add_model, add_scores, given_scores, model_folder
from commands.options.parser import command_parser, number
from pipeline.errors import InputError
from pipeline.files import PARAMS
from pipeline.inference.label_scores import GivenScores
from pipeline.photo_files import MOST_PIXELS_BY_LINES
from pipeline.serve.limits import Limits

if TYPE_CHECKING:
    from pipeline.serve.service import Served

# Package to the module that is imported from it.
_NEEDED = {
    "fastapi": "fastapi",
    "prometheus-client": "prometheus_client",
    "python-multipart": "python_multipart",
    "uvicorn": "uvicorn",
}
_LIMITS = Limits()
_MOST_MEGAPIXELS = MOST_PIXELS_BY_LINES / 1e6


def main(arguments: Sequence[str]) -> int:
    """Serve a trained rung over HTTP."""
    options = _parse(arguments)
    check_packages()
    from pipeline.serve.server import address, bound_sockets, run

    sockets = bound_sockets(options.host, options.port)
    try:
        from pipeline.serve.app import make_app  # imports torch, which is slow
        from pipeline.serve.service import Service

        served = load(options.model, options.score, options.batch)
        limits = Limits(
            body_bytes=int(options.max_mb * 1e6),
            photo_pixels=int(options.max_megapixels * 1e6),
            waiting=options.queue,
        )
        app = make_app(Service(served, limits, options.wait_ms / 1000))
        place = address(options.host, sockets[0].getsockname()[1])
        run(app, sockets, f"{options.model}: serving on {place} (Ctrl-C ends it)")
    finally:
        for one in sockets:
            one.close()
    return 0


def check_packages() -> None:
    """Raise if a package of the extra `serve` is missing."""
    absent = [package for package, module in _NEEDED.items() if find_spec(module) is None]
    if absent:
        raise InputError(
            f"ladder serve needs {', '.join(absent)}; install them: pip install {' '.join(absent)}"
        )


def load(model: str, scores: GivenScores, batch_size: int) -> "Served":
    """Return a model that is ready to serve.

    Args:
        model: folder of a rung, exported file, or a model's URI in MLflow.
        scores: given by the user for the classes.
        batch_size: photos in one forward pass, at most.

    Raises:
        InputError: there is no such model, or it does not predict both classes and boxes.
    """
    from pipeline.inference.described_model import describe_detector
    from pipeline.inference.detector import DECODING
    from pipeline.inference.label_scores import choose_scores
    from pipeline.params.params import load_params
    from pipeline.serve.service import Served

    decoding, device = DECODING, "auto"
    if PARAMS.is_file():  # a server may have only a model
        params = load_params(PARAMS)
        decoding, device = params.predict, params.train.shared.device
    with model_folder(model) as folder:
        described = describe_detector(folder)
        detector = described.detector(device, scores.lowered(decoding), batch_size)
        min_scores = choose_scores(described.label_scores, detector.classes, scores, model)
    side = detector.spec.image_size
    detector.predict([np.zeros((side, side, 3), np.uint8)] * batch_size)  # the first batch is slow
    return Served(detector, model, described.digest, min_scores)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    add_model(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port",
        type=number(int, 0, 65535),
        default=8000,
        help="port; 0 picks a free one (%(default)s)",
    )
    add_scores(parser, "return")
    parser.add_argument(
        "--batch",
        type=number(int, 1),
        default=16,
        metavar="N",
        help="maximum photos per forward pass (%(default)s)",
    )
    parser.add_argument(
        "--wait-ms",
        type=number(float, 0),
        default=4.0,
        metavar="MS",
        help="time that a photo waits for others to share its batch (%(default)s)",
    )
    parser.add_argument(
        "--max-mb",
        type=number(float, 0.001),
        default=_LIMITS.body_bytes / 1e6,
        metavar="MB",
        help="maximum size of a request (%(default)g)",
    )
    parser.add_argument(
        "--max-megapixels",
        type=number(float, 0.001, _MOST_MEGAPIXELS),
        default=_LIMITS.photo_pixels / 1e6,
        metavar="MP",
        help="maximum size of a photo (%(default)g)",
    )
    parser.add_argument(
        "--queue",
        type=number(int, 1),
        default=_LIMITS.waiting,
        metavar="N",
        help="maximum photos waiting, over all requests (%(default)s)",
    )
    options = parser.parse_args(arguments)
    options.score = given_scores(parser, options.score)
    return options
