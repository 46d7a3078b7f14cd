"""What is stale and what each stage has to wait for, by DVC's own graph and order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.errors import InputError


@dataclass(frozen=True)
class Plan:
    """What one `dvc repro` would do.

    Attributes:
        order: the names of all its stages, in the order in which it would visit them.
        waits_for: the stages that are stale, or may be once those that they wait for have ended,
            each with the names of the latter.
    """

    order: list[str]
    waits_for: dict[str, frozenset[str]]


def read_plan(targets: Sequence[str]) -> Plan:
    """Return what `dvc repro` would do for these targets, by default for all stages.

    Raises:
        InputError: DVC cannot read the project, does not know a target, or is running.
    """
    from dvc.repo import Repo, lock_repo
    from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

    with _told_by_dvc(), Repo() as repo, lock_repo(repo):
        graph = get_active_graph(repo.index.graph)
        stages = plan_repro(graph, collect_stages(repo, targets))
        waits_for: dict[str, frozenset[str]] = {}
        for stage in stages:
            before = {one.addressing for one in graph.successors(stage)}
            if not before.isdisjoint(waits_for) or stage.changed():
                waits_for[stage.addressing] = frozenset(before & waits_for.keys())
        return Plan([stage.addressing for stage in stages], waits_for)


def check_targets(targets: Sequence[str]) -> None:
    """Check that `dvc repro` would know these targets.

    Raises:
        InputError: one is neither a stage nor an output, with the most similar stages; or DVC
            cannot read the project.
    """
    from dvc.exceptions import NoOutputOrStageError
    from dvc.repo import Repo
    from dvc.repo.reproduce import collect_stages
    from dvc.stage.exceptions import StageFileDoesNotExistError, StageNotFound

    unknown = (StageNotFound, NoOutputOrStageError, StageFileDoesNotExistError)

    with _told_by_dvc(), Repo() as repo:
        names = [stage.addressing for stage in repo.index.stages]
        for target in targets:
            try:
                collect_stages(repo, [target])
            except unknown as error:
                like = get_close_matches(target, names) or names or ["none"]
                there = f"there is {', '.join(like)}"
                raise InputError(f"{target}: no such stage; {there}") from error


@contextmanager
def _told_by_dvc() -> Iterator[None]:
    """Turn DVC's errors into one line, with their causes, such as the line of a YAML file."""
    from dvc.exceptions import DvcException

    try:
        yield
    except DvcException as error:
        said = [str(error)] + [str(error.__cause__)] * (error.__cause__ is not None)
        raise InputError(f"dvc: {' '.join(': '.join(said).split())}") from None
