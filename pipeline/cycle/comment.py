"""The comment on a retraining, as Markdown: for the job's summary and the merge request."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compare.common_photos import LeftOut
from pipeline.compare.comparison import Comparison
from pipeline.compare.gate import Fall
from pipeline.compare.words import (
    METRIC_HEAD,
    SETTING_HEAD,
    format_number,
    inputs_line,
    metric_rows,
    notes,
    setting_rows,
    verdict,
)
from pipeline.report.ladder_table import METRICS
from pipeline.report.pages.ladder_markdown import markdown_table, plain_words

_FALL_HEAD = ("metric or class", "champion", "candidate", "limit", "why")


@dataclass(frozen=True)
class Judgement:
    """The gate's decision on the result of a rung.

    Attributes:
        rung: its name.
        words: the decision in one line.
        falls: why it is refused; empty if it is not.
        passed: whether it may become the champion; false, too, if it is the champion already.
    """

    rung: str
    words: str
    falls: Sequence[Fall] = ()
    passed: bool = False


@dataclass(frozen=True)
class BaseComparison:
    """The comparison of the local result with the base commit's.

    Attributes:
        comparison: None if it is impossible.
        reason: why it is impossible; else empty.
    """

    comparison: Comparison | None
    reason: str = ""


def comment_of(
    title: str, judgements: Sequence[Judgement], base: BaseComparison, report: str
) -> str:
    """Return the comment.

    Args:
        title: the outcome in one line.
        judgements: of the rungs that were judged.
        base: the comparison with the base commit.
        report: the Markdown of the ladder, from `report/report.md`.
    """
    parts = [f"## {plain_words(title)}"]
    parts += ["\n".join(f"- {plain_words(f'{one.rung}: {one.words}')}" for one in judgements)]
    for one in judgements:
        if one.falls:
            rows = [_fall_row(fall) for fall in one.falls]
            parts += [f"### What failed in {one.rung}", markdown_table(_FALL_HEAD, rows)]
    if base.comparison:
        parts += _sides(base.comparison)
    else:
        parts += [f"Not compared with an earlier result: {plain_words(base.reason)}"]
    parts += [report.strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def data_lines(comparison: Comparison) -> list[str]:
    """Return which data changed between two results and whether their figures are comparable."""
    data = [path for path in comparison.inputs if path.startswith("data/")]
    if not data:
        return []
    lines = [f"The data changed: {', '.join(data)}."]
    split = comparison.split
    if any(_judged_by_others(rung.common.left_out) for rung in comparison.rungs):
        lines.append(
            f"Photos or labels of {split} changed, so the figures in the two reports are not "
            f"comparable; those below are, on the photos of {split} that are alike."
        )
    return lines


def _judged_by_others(left_out: LeftOut) -> bool:
    return any(vars(left_out).values())


def _sides(comparison: Comparison) -> list[str]:
    settings = setting_rows(comparison)
    inputs = inputs_line(comparison)
    return [
        f"### Compared with the result of {plain_words(comparison.a.about)}",
        "\n".join(data_lines(comparison)),
        "\n".join(f"- {plain_words(verdict(rung))}" for rung in comparison.rungs),
        "\n".join(f"- {plain_words(line)}" for line in notes(comparison)),
        markdown_table(METRIC_HEAD, metric_rows(comparison.rungs)),
        markdown_table(SETTING_HEAD, settings) if settings else "",
        f"{plain_words(inputs[0].upper() + inputs[1:])}." if inputs else "",
    ]


def _fall_row(fall: Fall) -> list[str]:
    title, digits = METRICS.get(fall.what, (fall.what, 3))
    figures = (
        format_number(value, digits) for value in (fall.champion, fall.candidate, fall.limit)
    )
    return [title, *figures, fall.why]
