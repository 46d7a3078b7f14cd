"""Registered models in MLflow: one per rung, with a version for each of its results.

The alias `candidate` is the latest version, `champion` the one in use. Every decision about a
version is a tag of it, so that the store records which version became champion, when, compared with
which, and why. A tag of the registered model lists the champions, for rollbacks.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.tracking.mlflow_store import open_client
from pipeline.tracking.sqlite_store import FINGERPRINT

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CANDIDATE, CHAMPION = "candidate", "champion"
DECISION, REPLACED = "decision", "replaced"  # tags of a version
CHAMPIONS = "champions"  # tag of a registered model: version numbers, the current one last
_KEPT = 500  # of them; MLflow allows 5000 characters


@dataclass(frozen=True)
class Version:
    """A version of a registered model.

    Attributes:
        rung: the name of the registered model.
        number: of the version.
        run_id: of the run that logged it.
        replaced: the champion that it replaced, empty for none; None if it has never been champion.
        decision: the latest decision about it; empty if there is none.
    """

    rung: str
    number: str
    run_id: str
    replaced: str | None = None
    decision: str = ""

    @property
    def uri(self) -> str:
        """The URI by which MLflow loads it."""
        return f"models:/{self.rung}/{self.number}"


def register(client: "MlflowClient", run_id: str, rung: str, fingerprint: str) -> Version:
    """Register a run's model as a new version, make it the candidate, and return it."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(rung, description=f"The rung `{rung}` of the ladder.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    made = client.create_model_version(rung, source, run_id, tags={FINGERPRINT: fingerprint})
    client.set_registered_model_alias(rung, CANDIDATE, made.version)
    return _version(made)


@dataclass(frozen=True)
class Registry:
    """The versions of one rung in a store."""

    client: "MlflowClient"
    rung: str

    @classmethod
    def open(cls, uri: str, rung: str) -> "Registry":
        """Return the versions of a rung in the store at a URI."""
        return cls(open_client(uri), rung)

    def find(self, number: str | None = None) -> Version:
        """Return a version by its number, the candidate by default.

        Raises:
            InputError: there is no such version.
        """
        from mlflow.exceptions import MlflowException

        try:
            found = (
                self.client.get_model_version_by_alias(self.rung, CANDIDATE)
                if number is None
                else self.client.get_model_version(self.rung, number)
            )
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            wanted = "candidate" if number is None else f"version {number}"
            raise InputError(
                f"{self.rung}: MLflow has no {wanted} of it; `make repro` registers new results, "
                "`ladder ui` shows those there are"
            ) from None
        return _version(found)

    def of_result(self, fingerprint: str) -> Version | None:
        """Return the version of a result, the oldest of duplicates; None if MLflow has none."""
        wanted = f"name = '{self.rung}' AND tags.{FINGERPRINT} = '{fingerprint}'"
        found = self.client.search_model_versions(wanted)
        return _version(min(found, key=lambda one: int(one.version))) if found else None

    def champion(self) -> Version | None:
        """Return the champion; None if there is none yet."""
        aliases = self.client.get_registered_model(self.rung).aliases
        return self.find(str(aliases[CHAMPION])) if CHAMPION in aliases else None

    def champions(self) -> list[str]:
        """Return the numbers of the champions, the current one last, without those rolled back."""
        model = self.client.get_registered_model(self.rung)
        if CHAMPION not in model.aliases:
            return []
        now, noted = str(model.aliases[CHAMPION]), model.tags.get(CHAMPIONS)
        known = noted.split() if noted else self._by_their_own_tags(now)
        return known if known[-1] == now else [*known, now]  # set by hand, or killed midway

    def _by_their_own_tags(self, number: str) -> list[str]:
        """Return the champions by the tags of the versions, for want of a list."""
        known = [number]
        with suppress(InputError):  # one was deleted
            while (before := self.find(known[0]).replaced) and before not in known:
                known.insert(0, before)
        return known

    def _note_replaced(self, version: Version, before: str) -> None:
        self.client.set_model_version_tag(self.rung, version.number, REPLACED, before)

    def _keep(self, champions: list[str]) -> None:
        words = " ".join(champions[-_KEPT:])
        self.client.set_registered_model_tag(self.rung, CHAMPIONS, words)

    def note(self, version: Version, words: str) -> None:
        """Tag a version with what was decided about it, and when."""
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z"
        self.client.set_model_version_tag(self.rung, version.number, DECISION, f"{when} {words}")

    def promote(self, version: Version, before: Version | None) -> None:
        """Give a version the alias `champion`, and note on it which version had it before.

        Args:
            version: one that has passed.
            before: the champion that it was compared with, None for none.

        Raises:
            InputError: another version has become champion since then.
        """
        now, replaced = self.champion(), before.number if before else ""
        if (now.number if now else "") != replaced:
            raise InputError(
                f"{self.rung}: the champion is {_name_of(now)} by now, and version "
                f"{version.number} was judged against {_name_of(before)}; run this again"
            )
        champions = [*self.champions(), version.number]
        self._note_replaced(version, replaced)
        self.client.set_registered_model_alias(self.rung, CHAMPION, version.number)
        self._keep(champions)

    def roll_back(self) -> tuple[Version, Version]:
        """Make the previous champion champion again; return it and the one it replaces.

        Raises:
            InputError: there is no champion, or it was the first.
        """
        champions = self.champions()
        if len(champions) < 2:
            raise InputError(f"{self.rung}: no champion before this one to go back to")
        earlier, champion = (self.find(number) for number in champions[-2:])
        if champion.replaced is None:  # set by hand, but it has been champion
            self._note_replaced(champion, earlier.number)
        self._keep(champions[:-1])
        self.client.set_registered_model_alias(self.rung, CHAMPION, earlier.number)
        self.note(champion, f"rolled back to version {earlier.number}")
        self.note(earlier, f"champion again instead of version {champion.number}")
        return earlier, champion


def _name_of(version: Version | None) -> str:
    return f"version {version.number}" if version else "none"


def _version(found: "ModelVersion") -> Version:
    return Version(
        found.name,
        str(found.version),
        found.run_id or "",
        found.tags.get(REPLACED),
        found.tags.get(DECISION, ""),
    )
