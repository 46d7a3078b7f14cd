"""What is known about a model before it runs: its identity, classes and label scores."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.files import MODELS
from pipeline.inference.label_scores import chosen_scores
from pipeline.params.params import PredictParams
from pipeline.rungs.model_spec import ModelSpec, read_spec
from pipeline.tasks import Task

if TYPE_CHECKING:
    from pipeline.inference.detector import Detector
    from pipeline.inference.engines.engine import Engine

EXPORTED = (".onnx", ".xml", ".pt2")  # endings of the files that `ladder export` writes


@dataclass(frozen=True)
class DescribedModel:
    """A trained model.

    Attributes:
        source: a folder of the train stage, or an exported file.
        digest: SHA-256 of the files that determine its predictions.
        spec: what it is.
        label_scores: by class, the score above which a detection is a label; empty if unknown.
        engine: of an exported file, which had to be loaded to be described.
    """

    source: Path
    digest: str
    spec: ModelSpec
    label_scores: dict[str, float]
    engine: "Engine | None" = None

    @property
    def files(self) -> list[Path]:
        """The files that determine its predictions."""
        return _files_of(self.source)

    def detector(self, device: str, decoding: PredictParams, batch_size: int = 32) -> "Detector":
        """Return the detector of this model.

        Args:
            device: for a folder's network, see `choose_device`; exported files run on the CPU.
            decoding: see `Detector`.
            batch_size: see `Detector`.

        Raises:
            InputError: a file of the folder is damaged.
        """
        from pipeline.inference.detector import Detector
        from pipeline.inference.engines.load import load_engine

        engine = self.engine or load_engine(self.source, device)
        return Detector(engine, decoding=decoding, batch_size=batch_size)


@dataclass(frozen=True)
class SentModel:
    """A model that can be sent to workers without access to the files of this machine.

    Attributes:
        name: of its folder or exported file.
        files: the content of each file by its path, relative to the folder that contains `name`.
        device: see `Detector.load`.
        decoding: see `Detector`.
    """

    name: str
    files: Mapping[str, bytes]
    device: str
    decoding: PredictParams

    @classmethod
    def of(cls, model: DescribedModel, device: str, decoding: PredictParams) -> "SentModel":
        """Return a model along with the content of its files."""
        above = model.source.absolute().parent
        files = {
            file.absolute().relative_to(above).as_posix(): file.read_bytes() for file in model.files
        }
        return cls(model.source.absolute().name, files, device, decoding)

    def described(self, folder: Path) -> DescribedModel:
        """Write the files to an empty folder, and return the description of the model there."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return describe_detector(folder / self.name)


def describe_detector(source: Path) -> DescribedModel:
    """Return the description of a model that predicts both classes and boxes.

    Args:
        source: see `describe_model`.

    Raises:
        InputError: there is no model, or it does not predict both.
    """
    described = describe_model(source)
    task = Task(described.spec.task)
    if not (task.answers_class and task.answers_box):
        raise InputError(
            f"{described.spec.rung}: does not predict both classes and boxes; take another rung"
        )
    return described


def describe_model(source: Path) -> DescribedModel:
    """Return the description of a model of any task; only exported files need torch.

    Args:
        source: a folder of the train stage, or a file of `ladder export`.

    Raises:
        InputError: there is no model.
    """
    if source.suffix in EXPORTED and not source.is_dir():
        from pipeline.inference.engines.load import load_exported

        engine = load_exported(source)
        about, digest = engine.description, model_digest(source)
        return DescribedModel(source, digest, about.spec, about.label_scores, engine)
    digest, (spec, _) = model_digest(source), read_spec(source / "model.json")
    return DescribedModel(source, digest, spec, chosen_scores(source))


def model_digest(source: Path) -> str:
    """Return the SHA-256 of a model's folder or exported file.

    Raises:
        InputError: one of its files is missing.
    """
    digest = hashlib.sha256()
    for file in _files_of(source):
        try:
            digest.update(file.read_bytes())
        except OSError:
            raise no_model(file) from None
    return digest.hexdigest()


def no_model(file: Path) -> InputError:
    """Return the error for a missing file, which also names the project's folders with a model."""
    others = (spec.parent for spec in sorted(MODELS.glob("*/model.json")))
    whole = [folder.as_posix() for folder in others if all(map(Path.is_file, _files_of(folder)))]
    take = f", or take {' or '.join(whole)}" if whole else ""
    return InputError(f"{file}: no model there; train it first{take}")


def check_is_there(folder: Path) -> None:
    """Check that a folder has the files of a model.

    Raises:
        InputError: one is missing.
    """
    for file in _files_of(folder):
        if not file.is_file():
            raise no_model(file)


def _files_of(source: Path) -> list[Path]:
    if source.suffix not in EXPORTED or source.is_dir():
        return [source / "model.json", source / "model.safetensors"]
    return [source, source.with_suffix(".bin")] if source.suffix == ".xml" else [source]
