"""Which results of a retraining may become champions."""

from dataclasses import dataclass

from commands.promote import decide
from pipeline.compare.comparison import Comparison, RungComparison
from pipeline.compare.gate import falls
from pipeline.cycle.candidate import Candidate, find_candidate, model_of
from pipeline.cycle.comment import Judgement
from pipeline.errors import InputError
from pipeline.files import LOCK, PARAMS
from pipeline.params.params import Params, load_params
from pipeline.tracking.dvc_lock import Stages, read_lock
from pipeline.tracking.registry import Version
from pipeline.tracking.results import missing_result


@dataclass(frozen=True)
class Outcome:
    """The gate's decisions on all results.

    Attributes:
        judgements: of the rungs that were judged.
        candidates: those that passed.
        unjudged: why some were not judged; empty if all were.
    """

    judgements: list[Judgement]
    candidates: list[Candidate]
    unjudged: str = ""

    @property
    def refused(self) -> list[str]:
        """The rungs whose result is refused."""
        return [one.rung for one in self.judgements if one.falls]


def judge_results(before: Stages, comparison: Comparison | None) -> Outcome:
    """Judge the local result of every rung that has one, and note each decision in MLflow.

    Args:
        before: `dvc.lock` before this training.
        comparison: with the base commit; None if there is none.
    """
    params, lock = load_params(PARAMS), read_lock(LOCK)
    beside = {one.name: one for one in comparison.rungs} if comparison else {}
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
    """Judge a version and note the decision in MLflow, unless an earlier decision holds.

    Args:
        candidate: the version of a rung's result.
        params: with the rules of the gate.
        beside: its comparison with the base commit, whose result takes the champion's part if
            there is no champion; None without a comparison.
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
        # `decide` has checked the floors already.
        worse = [fall for fall in falls(beside, params.promote) if fall.why != "floor"]
        words = f"{name} refused, worse than the base commit" if worse else words
        found += worse
    candidate.registry.note(version, words)
    return Judgement(version.rung, words, found, passed=not found)


def _settled(version: Version) -> str:
    """Return the final decision on a version, in words; empty if it is to be judged.

    A version that passed on another branch, where nothing is promoted, is judged again. A former
    champion lost its place by a decision, of a person or for a later result; that one holds.
    """
    if "refused" in version.decision:
        return "was refused before and stays so"
    if version.replaced is not None:
        back = f"`ladder promote {version.rung} --version {version.number}` brings it back"
        return f"was champion before and stays replaced; {back}"
    return ""
