"""The MLflow version of a result, and the champion that it may replace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, first_line
from pipeline.tracking.dvc_lock import Stages, digests
from pipeline.tracking.mlflow_store import probe, store_uri, without_password
from pipeline.tracking.registry import CHAMPION, Registry, Version
from pipeline.tracking.results import fingerprint_of


@dataclass(frozen=True)
class Candidate:
    """The version of a result, the champion that it may replace, and the store of both."""

    registry: Registry
    version: Version
    champion: Version | None
    store: str


def find_candidate(lock: Stages, rung: str) -> Candidate:
    """Return the version of the local result, and the current champion.

    Raises:
        InputError: MLflow does not answer, or does not have the result.
    """
    store = store_uri(Path())
    try:
        probe(store)
    except Exception as error:
        reason = without_password(store, first_line(error))
        raise InputError(
            f"MLflow at {without_password(store)} is out of reach ({reason}); run this again"
        ) from None
    registry = Registry.open(store, rung)
    version = registry.of_result(fingerprint_of(lock, rung))
    if version is None:
        raise InputError(f"{rung}: MLflow has no version of this result; `dvc repro` logs it")
    return Candidate(registry, version, registry.champion(), store)


def model_of(lock: Stages, rung: str) -> str | None:
    """Return the digest of a rung's model in a lock file."""
    stage = lock.get(f"train@{rung}")
    return digests(stage.outs).get(f"models/{rung}") if stage else None


def promote(candidates: Sequence[Candidate]) -> None:
    """Make versions the champions of their rungs.

    Raises:
        InputError: somebody has promoted another version since one of these was judged.
    """
    for one in candidates:
        one.registry.promote(one.version, one.champion)
        print(f"models:/{one.version.rung}@{CHAMPION} is version {one.version.number} now")
