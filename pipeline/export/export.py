"""From a model to a checked file: written to a draft, compared with torch, then moved in place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.inputs import Inputs
from pipeline.errors import InputError
from pipeline.export.formats import EXPORT_FORMATS
from pipeline.export.int8 import CALIBRATION_PHOTOS, check_can_calibrate, write_int8
from pipeline.export.parity import Parity, compare, compare_suppressed, in_float32
from pipeline.export.photos import pixels_of, random_pixels
from pipeline.export.program import Program
from pipeline.export.quality import val_metrics
from pipeline.inference.detector import Detector
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.engine import Engine
from pipeline.inference.engines.onnx_engine import OnnxEngine
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
from pipeline.inference.engines.program_engine import ProgramEngine
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.progress import tell
from pipeline.rungs.rung import RungModel

_CHECKED_PHOTOS, _RANDOM_PHOTOS = 100, 16


@dataclass(frozen=True)
class Exporter:
    """Exports a model to files.

    Attributes:
        model: on the CPU, in evaluation mode. Exporting folds its batch norms, in place.
        program: what `capture` makes of it.
        description: of the files; `suppressed` is set by the format.
        inputs: photos and labels for the checks; None if there are none.
        max_fall: by how much a metric of val may fall in int8.
    """

    model: RungModel
    program: Program
    description: Description
    inputs: Inputs | None
    max_fall: float

    def export(self, form: str, path: Path) -> list[str]:
        """Write a file in one of `EXPORT_FORMATS` and return what its check has found.

        Raises:
            InputError: the check fails, which keeps any earlier file, or a package is missing.
        """
        with _files_beside(path) as draft:
            if EXPORT_FORMATS[form].write is None:
                return self._export_int8(draft)
            return self._export_checked(form, draft)

    def _export_checked(self, form: str, draft: Path) -> list[str]:
        spec, of_form = self.description.spec, EXPORT_FORMATS[form]
        description = Description(
            spec, self.description.decoding, self.description.label_scores, of_form.suppressed
        )
        assert of_form.write is not None
        tell(f"{spec.rung}: writing {form}")
        of_form.write(self.program, description, draft)
        pixels, source = self._pixels()
        reference = TorchEngine(self.model, in_float32(spec))
        if of_form.suppressed:
            parity = compare_suppressed(draft, reference, pixels, description.decoding)
        else:
            parity = compare(_exact(draft), reference, pixels, description.decoding)
        return [_verdict(form, parity, source)]

    def _export_int8(self, draft: Path) -> list[str]:
        inputs, spec = self.inputs, self.description.spec
        check_can_calibrate(inputs)
        assert inputs
        calibration = pixels_of(inputs, "train", spec.image_size, CALIBRATION_PHOTOS)
        tell(f"{spec.rung}: calibrating on {len(calibration)} photos of train")
        write_int8(self.program, self.description, draft, calibration)
        decoding = self.description.decoding
        tell(f"{spec.rung}: measuring on val, in {spec.precision} and in int8")
        before, after = (
            val_metrics(Detector(engine, decoding=decoding), inputs)
            for engine in (TorchEngine(self.model, spec), OpenVinoEngine(draft))
        )
        words = [f"val {name} {before[name]:.4f}, in int8 {after[name]:.4f}" for name in before]
        if any(not after[name] >= before[name] - self.max_fall for name in before):
            raise InputError(
                f"--format openvino-int8: {', '.join(words)}: falls by more than {self.max_fall}; "
                "use --format openvino, or allow more with --max-fall"
            )
        return words

    def _pixels(self) -> tuple[np.ndarray, str]:
        """Return photos to compare on, and a phrase for where they are from."""
        side = self.description.spec.image_size
        if self.inputs is not None:
            photos = pixels_of(self.inputs, "val", side, _CHECKED_PHOTOS)
            if len(photos):
                return photos, "on val"
        return random_pixels(side, _RANDOM_PHOTOS), "on random pixels"


def _exact(path: Path) -> Engine:
    """Return the engine of a file in float32, whatever its rung was trained in."""
    if path.suffix == ".xml":
        return OpenVinoEngine(path, "float32")
    return OnnxEngine(path) if path.suffix == ".onnx" else ProgramEngine(path)


def _verdict(form: str, parity: Parity, source: str) -> str:
    if not parity.holds:
        raise InputError(
            f"--format {form}: differs from torch: {parity}, {source}; nothing was "
            "written; use another --format and report this with the backbone's name"
        )
    return f"{parity}, {source}"


@contextmanager
def _files_beside(path: Path) -> Iterator[Path]:
    """Yield a draft path in a folder next to `path`; the files there move in place at the end.

    An OpenVINO model is two files; the one that is opened by name moves last.
    """
    beside = path.with_name(f".{path.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside / path.name
        for file in sorted(beside.iterdir(), key=lambda file: file.name == path.name):
            os.replace(file, path.with_name(file.name))
    finally:
        shutil.rmtree(beside, ignore_errors=True)
