"""`ladder retrain`: bring the ladder up to date with this commit, judge, report, and push it.

Examples:
  ladder retrain                                 as in CI, but git neither pulls nor pushes
  ladder retrain -S train.ssd_fpn.late.epochs=9  with another parameter, which is committed, too
  ladder retrain --push main --promote           as `.ci/retrain` calls it in CI

Only what changed is trained. The gate of `ladder promote` judges each new result; if one is
refused, the exit code is 3, the champions stay and the branch keeps its dvc.lock and metrics. The
results are pushed to the DVC remote before the commit that names them.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.ci.judging import Outcome, judge_results
from commands.options.ladder import add_settings
from commands.options.parser import command_parser
from commands.run import params_with, wanted_params
from pipeline.compare.comparison import compare_results
from pipeline.compare.sides.find_result import find_result
from pipeline.cycle.branch import Branch, Pushed, commit
from pipeline.cycle.candidate import Candidate, promote
from pipeline.cycle.comment import BaseComparison, comment_of, data_lines
from pipeline.cycle.dvc_remote import imports, update_imports
from pipeline.cycle.remembered import remember
from pipeline.cycle.transfer import bring, push_objects
from pipeline.errors import InputError
from pipeline.exit_codes import FAILED, REFUSED
from pipeline.files import LOCK, METRICS, PARAMS, REPORT, write_beside
from pipeline.processes import die_with_parent
from pipeline.repair.params_guard import params_during
from pipeline.tracking.dvc_lock import Stages, read_lock
from pipeline.tracking.git_state import committed_lock, flat_params_of, run_git
from pipeline.yaml_file import read_yaml

_ROUNDS = 3  # each after somebody else has pushed a result first
_MESSAGE = "Retrain: new dvc.lock and metrics [skip ci]"
_MESSAGE_HERE = "New dvc.lock and metrics"  # CI must run on what a person pushes
_ASIDE = "Retrain: not committed to the branch, refused or not pushed by DVC [skip ci]"
_COMMITTED = (str(LOCK), str(METRICS), str(PARAMS))


@dataclass(frozen=True)
class Start:
    """What a round starts from.

    Attributes:
        base: the commit to compare with.
        before: `dvc.lock` before the training.
        known: a commit that may have results of stale stages; empty for none.
        reachable: whether results can be pulled from the DVC remote.
        paths: what the round commits.
    """

    base: str
    before: Stages
    known: str
    reachable: bool
    paths: Sequence[str]


@dataclass(frozen=True)
class Round:
    """How a round ended.

    Attributes:
        code: the exit code of the command, unless another round follows.
        overtaken: the local commit of this result, if someone else pushed another result first;
            then another round follows. Else empty.
    """

    code: int = 0
    overtaken: str = ""


def main(arguments: Sequence[str]) -> int:
    """Train what changed, judge it, report it, and push what passed; 3 is a refusal."""
    options = _parse(arguments)
    branch = Branch(options.push) if options.push else None
    known = ""
    for _ in range(_ROUNDS):
        ended = retrain(options, branch, known)
        if not ended.overtaken:
            return ended.code
        known = ended.overtaken
        said = f"trying again on top of it; the commit made here was {known[:10]}"
        print(f"{Pushed.OTHER_RESULT.value}: {said}", flush=True)
    raise InputError(f"{options.push}: others pushed results {_ROUNDS} times; run it again")


def retrain(options: argparse.Namespace, branch: Branch | None, known: str) -> Round:
    """Run one round: prepare, train, judge and publish.

    Args:
        options: of the command.
        branch: to pull and push; None for neither.
        known: the commit of the previous round, empty for none.
    """
    start = prepare(options, branch, known)
    code = train(options.settings, start.known, pull=start.reachable)
    if code:
        write_comment(options.comment, "## Retraining failed: see its log\n")
        push_objects()  # of the stages that succeeded
        keep_aside(branch, start.paths)
        return Round(code)
    base = compared_with(start.base)
    outcome = judge_results(start.before, base.comparison)
    # Before the commit that names these objects is pushed: the other order loses data.
    unpushed = push_objects()
    faults = [line for line in (outcome.unjudged, unpushed) if line]
    done = "Retrained" if read_lock(LOCK) != start.before else "Nothing was out of date"
    report(options.comment, done, outcome, base, faults)
    if outcome.refused or faults:
        keep_aside(branch, start.paths)
        return Round(REFUSED if outcome.refused else FAILED)
    return publish(options, branch, start.paths, outcome.candidates)


def prepare(options: argparse.Namespace, branch: Branch | None, known: str) -> Start:
    """Bring branch, imported data and DVC outputs up to date; arguments as in `retrain`."""
    if branch:
        branch.follow([*_COMMITTED, *(imports() if options.update else [])])
    base = options.base if _is_commit(options.base) else "HEAD"
    before = read_lock(LOCK)
    reachable = bring(base)
    paths = [*_COMMITTED, *(update_imports() if options.update else [])]
    known = known or (branch.kept_aside() if branch else "")
    return Start(base, before, known, reachable, paths)


def publish(
    options: argparse.Namespace,
    branch: Branch | None,
    paths: Sequence[str],
    candidates: Sequence[Candidate],
) -> Round:
    """Commit a result that passed, push it and promote its models.

    Args:
        options: of the command.
        branch: to push; None for none.
        paths: to commit.
        candidates: to promote, if the options say so.
    """
    if not commit(_MESSAGE if branch else _MESSAGE_HERE, paths):
        print("dvc.lock and metrics/ are as committed")
    if branch:
        mine = run_git("rev-parse", "HEAD")
        if pushed(branch, paths) is Pushed.OTHER_RESULT:
            branch.take()
            return Round(overtaken=mine)
        branch.clear_aside()
    if options.promote:
        promote(candidates)
    return Round()


def pushed(branch: Branch, paths: Sequence[str]) -> Pushed:
    """Push what was committed; if the remote refuses it, keep it aside."""
    try:
        return branch.push()
    except InputError:
        keep_aside(branch, paths)
        raise


def keep_aside(branch: Branch | None, paths: Sequence[str]) -> None:
    """Push what the branch does not get to a branch of its own; without one, it is here anyway."""
    if branch:
        branch.keep_aside(_ASIDE, paths)
        print(f"kept as the branch {branch.aside}: dvc.lock and metrics of this result", flush=True)


def train(settings: Sequence[str], known: str, *, pull: bool) -> int:
    """Run what is out of date; return DVC's exit code.

    Args:
        settings: parameters to override, as KEY=VALUE.
        known: a commit that may have results of stale stages; empty for none.
        pull: whether these results may be pulled from the DVC remote.

    Raises:
        InputError: a parameter is unknown or out of range.
    """
    command = [sys.executable, "-m", "dvc", "repro", "--all-pipelines"]
    current = flat_params_of(read_yaml(PARAMS), str(PARAMS))
    text, _ = params_with(wanted_params(None, None, settings, current))
    with params_during(text) as keep:
        remembered = remember(known, pull=pull) if known else []
        if remembered:
            print(f"made before, not again: {', '.join(remembered)}", flush=True)
        code = subprocess.run(command, preexec_fn=die_with_parent).returncode
        if not code:
            keep()
    return code


def compared_with(base: str) -> BaseComparison:
    """Compare the local result with a commit's; say why if that is impossible."""
    if not committed_lock(base):
        return BaseComparison(None, "there was none")
    try:
        return BaseComparison(compare_results(find_result(base), find_result("."), "val", []))
    except InputError as error:
        return BaseComparison(None, str(error))


def report(
    path: Path, done: str, outcome: Outcome, base: BaseComparison, faults: Sequence[str]
) -> None:
    """Write the comment; print the decisions and whether the figures are comparable with before.

    Args:
        path: of the comment.
        done: its title if nothing is wrong.
        outcome: the gate's decisions.
        base: the comparison with the base commit.
        faults: why something was not judged or not pushed.
    """
    refused = ", ".join(outcome.refused)
    titles = [f"Refused: {refused}"] if refused else []
    titles += [line[0].upper() + line[1:] for line in faults]
    ladder = (REPORT / "report.md").read_text(encoding="utf-8")
    title = "; ".join(titles) or done
    write_comment(path, comment_of(title, outcome.judgements, base, ladder))
    for line in data_lines(base.comparison) if base.comparison else []:
        print(line)
    for one in outcome.judgements:
        print(f"{one.rung}: {one.words}")
    sys.stdout.flush()
    for line in faults:
        print(f"error: {line}", file=sys.stderr)
    if refused:
        print(f"refused: {refused}; champions and branch stay as they were", file=sys.stderr)


def write_comment(path: Path, text: str) -> None:
    """Write the comment on this retraining."""
    write_beside(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def _is_commit(name: str | None) -> bool:
    return bool(name and run_git("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}"))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    add_settings(parser)
    parser.add_argument("--base", metavar="COMMIT", help="to compare with (the last commit)")
    parser.add_argument("--push", metavar="BRANCH", help="of origin, to pull before and push after")
    parser.add_argument(
        "--update", action="store_true", help="first update what `dvc import` has brought"
    )
    parser.add_argument("--promote", action="store_true", help="make what passes the champion")
    parser.add_argument(
        "--comment", type=Path, default=Path("retrain.md"), metavar="FILE", help="(%(default)s)"
    )
    return parser.parse_args(arguments)
