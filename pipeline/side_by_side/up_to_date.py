"""A project in which everything is up to date but the stages that always run."""

from collections.abc import Sequence
from contextlib import suppress

from pipeline.errors import InputError


def run_if_up_to_date(targets: Sequence[str]) -> bool:
    """Run only the stages that always run if no stage is out of date; return whether that was so.

    dvc.lock is not touched, as it already says all that there is to say. `dvc repro` would read and
    write it anew, which takes as long as all its checks. Whatever DVC refuses is not up to date:
    `dvc repro` will say why.

    Args:
        targets: as for `dvc repro`, by default all stages.

    Raises:
        InputError: a stage that always runs has failed.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo
    from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
    from dvc.stage.decorators import unlocked_repo
    from dvc.stage.exceptions import StageCmdFailedError
    from dvc.stage.run import cmd_run

    with suppress(DvcException), Repo() as repo, lock_repo(repo):
        stages = plan_repro(get_active_graph(repo.index.graph), collect_stages(repo, targets))
        always = [stage for stage in stages if stage.always_changed]
        for stage in always:
            stage.always_changed = False  # in memory: is it otherwise as in dvc.lock?
        if any(stage.outs for stage in always) or any(stage.changed() for stage in stages):
            return False
        print(f"{len(stages) - len(always)} stages are up to date", flush=True)
        for stage in always:
            try:
                unlocked_repo(cmd_run)(stage)
            except StageCmdFailedError as error:
                raise InputError(f"dvc: {error}") from None
        return True
    return False
