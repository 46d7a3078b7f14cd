"""`ladder retrain`: bring the ladder up to date with this commit, judge, report, and push it.

Examples:
  ladder retrain                                 what CI does, but that git neither pulls nor pushes
  ladder retrain -S train.ssd_fpn.late.epochs=9  with another parameter, which is committed, too
  ladder retrain --push main --promote           as `.ci/retrain` calls it in CI

Only what changed is trained. Each new result is judged by the gate of `ladder promote`; if one is
refused, the exit code is 3, the champions stay and the branch keeps its dvc.lock and metrics. What
was trained is pushed to the DVC remote before the commit that names it.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.options.ladder import add_settings
from commands.options.parser import command_parser
from commands.promote import decide
from commands.run import params_with, wanted_params
from pipeline.compare.comparison import Comparison, RungComparison, compare_results
from pipeline.compare.gate import falls
from pipeline.compare.sides.find_result import find_result
from pipeline.cycle.branch import Branch, Pushed, commit
from pipeline.cycle.candidate import Candidate, find_candidate, model_of, promote
from pipeline.cycle.comment import Judgement, comment_of, data_lines
from pipeline.cycle.dvc_remote import imports, update_imports
from pipeline.cycle.remembered import remember
from pipeline.cycle.transfer import bring, push_objects
from pipeline.errors import InputError
from pipeline.exit_codes import FAILED, REFUSED
from pipeline.files import LOCK, METRICS, PARAMS, REPORT, write_beside
from pipeline.params.params import Params, load_params
from pipeline.processes import die_with_parent
from pipeline.repair.params_guard import params_during
from pipeline.tracking.dvc_lock import Stages, read_lock
from pipeline.tracking.git_state import committed_lock, flat_params_of, run_git
from pipeline.tracking.registry import Version
from pipeline.tracking.results import missing_result
from pipeline.yaml_file import read_yaml

_ROUNDS = 3  # of results that others push meanwhile
_MESSAGE = "Retrain: new dvc.lock and metrics [skip ci]"
_MESSAGE_HERE = "New dvc.lock and metrics"  # CI is to see what a person pushes
_ASIDE = "Retrain: not committed to the branch, refused or not pushed by DVC [skip ci]"
_COMMITTED = (str(LOCK), str(METRICS), str(PARAMS))


@dataclass(frozen=True)
class Outcome:
    """What the gate says of all results, and `unjudged`, why it says nothing of some."""

    judgements: list[Judgement]
    candidates: list[Candidate]
    unjudged: str = ""

    @property
    def refused(self) -> list[str]:
        """The rungs whose result is refused."""
        return [one.rung for one in self.judgements if one.falls]


def main(arguments: Sequence[str]) -> int:
    """Train what changed, judge it, report it, and push what passed; 3 is a refusal."""
    options = _parse(arguments)
    branch = Branch(options.push) if options.push else None
    known = ""
    for _ in range(_ROUNDS):
        ended = retrain(options, branch, known)
        if isinstance(ended, int):
            return ended
        known = ended
        said = f"once more, on top of it; the commit made here was {known[:10]}"
        print(f"{Pushed.OTHER_RESULT.value}: {said}", flush=True)
    raise InputError(f"{options.push}: others pushed results {_ROUNDS} times; run it again")


def retrain(options: argparse.Namespace, branch: Branch | None, known: str) -> int | str:
    """Return the exit code of one round, or the commit of its result where another's came first.

    Args:
        options: of the command.
        branch: to be pulled and pushed.
        known: a commit of the round before, empty for none.
    """
    if branch:
        branch.follow([*_COMMITTED, *(imports() if options.update else [])])
    base = options.base if _is_commit(options.base) else "HEAD"
    before = read_lock(LOCK)
    reachable = bring(base)
    paths = [*_COMMITTED, *(update_imports() if options.update else [])]
    known = known or (branch.kept_aside() if branch else "")
    code = train(options.settings, known, pull=reachable)
    if code:
        write_comment(options.comment, "## Retraining failed: its log says where\n")
        push_objects()  # of the stages that have ended well
        keep_aside(branch, paths)
        return code
    comparison = compared_with(base)
    outcome = judged(before, comparison)
    # Before the commit that names these objects is pushed: the other order loses data.
    unpushed = push_objects()
    faults = [line for line in (outcome.unjudged, unpushed) if line]
    done = "Retrained" if read_lock(LOCK) != before else "Nothing was out of date"
    report(options.comment, done, outcome, comparison, faults)
    if outcome.refused or faults:
        keep_aside(branch, paths)
        return REFUSED if outcome.refused else FAILED
    if not commit(_MESSAGE if branch else _MESSAGE_HERE, paths):
        print("dvc.lock and metrics/ are as committed")
    if branch:
        mine = run_git("rev-parse", "HEAD")
        if pushed(branch, paths) is Pushed.OTHER_RESULT:
            branch.take()
            return mine
        branch.clear_aside()
    if options.promote:
        promote(outcome.candidates)
    return 0


def pushed(branch: Branch, paths: Sequence[str]) -> Pushed:
    """Push what was committed; what the remote refuses there is kept aside."""
    try:
        return branch.push()
    except InputError:
        keep_aside(branch, paths)
        raise


def keep_aside(branch: Branch | None, paths: Sequence[str]) -> None:
    """Keep what is not committed to a branch on another one; on a laptop it lies here anyway."""
    if branch:
        branch.keep_aside(_ASIDE, paths)
        print(f"kept as the branch {branch.aside}: dvc.lock and metrics of this result", flush=True)


def train(settings: Sequence[str], known: str, *, pull: bool) -> int:
    """Run what is out of date; return DVC's exit code.

    Args:
        settings: other parameters, as KEY=VALUE.
        known: a commit that may have results of stages that are out of date, empty for none.
        pull: whether they may be brought from the DVC remote.

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


def compared_with(base: str) -> Comparison | str:
    """Return what lies here beside the result of a commit, or why that cannot be."""
    if not committed_lock(base):
        return "there was none"
    try:
        return compare_results(find_result(base), find_result("."), "val", [])
    except InputError as error:
        return str(error)


def judged(before: Stages, comparison: Comparison | str) -> Outcome:
    """Return what becomes of each rung.

    Args:
        before: the lock file before this training.
        comparison: with the base commit.
    """
    params, lock = load_params(PARAMS), read_lock(LOCK)
    beside = {} if isinstance(comparison, str) else {one.name: one for one in comparison.rungs}
    outcome = Outcome([], [])
    try:
        for rung in params.rung_names:
            if missing_result(lock, rung):
                continue
            candidate = find_candidate(lock, rung)
            retrained = model_of(before, rung) != model_of(lock, rung)
            one = judge_rung(candidate, params, beside.get(rung), retrained=retrained)
            outcome.judgements.append(one)
            if one.passed:
                outcome.candidates.append(candidate)
    except InputError as error:
        return Outcome(outcome.judgements, [], f"not judged: {error}")
    return outcome


def judge_rung(
    candidate: Candidate, params: Params, beside: RungComparison | None, *, retrained: bool
) -> Judgement:
    """Return what becomes of a rung.

    Args:
        candidate: the version of its result.
        params: with the rules of the gate.
        beside: the result of the base commit beside it, which stands for a champion where there
            is none; None where it has none.
        retrained: whether its model is new.
    """
    version, champion = candidate.version, candidate.champion
    name = f"version {version.number}"
    if champion and champion.number == version.number:
        return Judgement(version.rung, f"{name} is the champion, as before")
    if not retrained and (settled := _settled(version)):
        return Judgement(version.rung, f"{name} {settled}")
    decision = decide(version, champion, params, candidate.store)
    found, words = list(decision.falls), f"{name} {decision.words}"
    if champion is None and beside is not None:
        # Floors are in the decision already; they hold whatever there is beside.
        worse = [fall for fall in falls(beside, params.promote) if fall.why != "floor"]
        words = f"{name} refused beside the base commit" if worse else words
        found += worse
    candidate.registry.note(version, words)
    return Judgement(version.rung, words, found, passed=not found)


def _settled(version: Version) -> str:
    """Return what was decided of a version for good, in words; nothing where that is open.

    One that has passed on another branch, where nothing is promoted, is open. One that was champion
    and is not has lost its place by a decision: of a person, or beside a later result.
    """
    if "refused" in version.decision:
        return "was refused before and stays so"
    if version.replaced is not None:
        back = f"`ladder promote {version.rung} --version {version.number}` brings it back"
        return f"was champion before and stays replaced; {back}"
    return ""


def report(
    path: Path, done: str, outcome: Outcome, comparison: Comparison | str, faults: Sequence[str]
) -> None:
    """Write the comment; print the decisions, and whether figures can be compared with before.

    Args:
        path: of the comment.
        done: its title where nothing is wrong.
        outcome: what the gate says.
        comparison: with the base commit, or why there is none.
        faults: why not all is judged and pushed.
    """
    refused = ", ".join(outcome.refused)
    titles = [f"Refused: {refused}"] if refused else []
    titles += [line[0].upper() + line[1:] for line in faults]
    ladder = (REPORT / "report.md").read_text(encoding="utf-8")
    title = "; ".join(titles) or done
    write_comment(path, comment_of(title, outcome.judgements, comparison, ladder))
    for line in [] if isinstance(comparison, str) else data_lines(comparison):
        print(line)
    for one in outcome.judgements:
        print(f"{one.rung}: {one.words}")
    sys.stdout.flush()
    for line in faults:
        print(f"error: {line}", file=sys.stderr)
    if refused:
        print(f"refused: {refused}; champions and branch stay as they were", file=sys.stderr)


def write_comment(path: Path, text: str) -> None:
    """Write what people read of this retraining."""
    write_beside(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def _is_commit(name: str | None) -> bool:
    return bool(name and run_git("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}"))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    add_settings(parser)
    parser.add_argument("--base", metavar="COMMIT", help="to compare with (the last commit)")
    parser.add_argument("--push", metavar="BRANCH", help="of origin: pull it before, push it after")
    parser.add_argument("--update", action="store_true", help="first what `dvc import` follows")
    parser.add_argument("--promote", action="store_true", help="what passes becomes the champion")
    parser.add_argument(
        "--comment", type=Path, default=Path("retrain.md"), metavar="FILE", help="(%(default)s)"
    )
    return parser.parse_args(arguments)
