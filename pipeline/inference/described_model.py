"""What is known of a model before it labels: which it is, its classes, the scores of its labels."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.inference.label_scores import chosen_scores
from pipeline.rungs.model_spec import ModelSpec, read_spec
from pipeline.tasks import Task

EXPORTED = (".onnx", ".xml", ".pt2")  # endings of the files that `ladder export` writes


@dataclass(frozen=True)
class DescribedModel:
    """A model for photos of people, which answers what and where.

    Attributes:
        digest: SHA-256 of the files that say what it answers.
        spec: what it is.
        label_scores: by class the score above which a detection is a label; empty if unknown.
    """

    digest: str
    spec: ModelSpec
    label_scores: dict[str, float]


def describe_model(source: Path) -> DescribedModel:
    """Return what is known of a model; torch is imported for exported files alone.

    Args:
        source: a folder that the train stage has left, or a file that `ladder export` has written.

    Raises:
        InputError: there is no model, or one that does not predict both classes and boxes.
    """
    if source.suffix in EXPORTED and not source.is_dir():
        from pipeline.inference.engines.load import load_exported

        about = load_exported(source).description
        described = DescribedModel(_digest_of_file(source), about.spec, about.label_scores)
    else:
        digest, (spec, _) = model_digest(source), read_spec(source / "model.json")
        described = DescribedModel(digest, spec, chosen_scores(source))
    task = Task(described.spec.task)
    if not (task.answers_class and task.answers_box):
        raise InputError(
            f"{described.spec.rung}: does not predict both classes and boxes; take another rung"
        )
    return described


def model_digest(folder: Path) -> str:
    """Return the SHA-256 of a model's folder.

    Raises:
        InputError: one of its files is absent.
    """
    return _digest([folder / "model.json", folder / "model.safetensors"])


def _digest_of_file(path: Path) -> str:
    return _digest([path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path])


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        try:
            digest.update(file.read_bytes())
        except OSError:
            raise InputError(f"{file}: no model there; train it first") from None
    return digest.hexdigest()
