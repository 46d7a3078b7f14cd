"""A study is read whole, or refused with the line that is wrong."""

from pathlib import Path

import pytest

from benchmarks.ablate.study import read_study
from pipeline.errors import InputError

GOOD = """
rung: ssd_fpn
seeds: [42]
changes:
  - {name: soft, settings: [predict.min_score=0.1]}
"""


def test_a_study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD)
    study = read_study(path)
    assert (study.rung, study.profile, study.seeds) == ("ssd_fpn", "", [42])
    assert study.changes[0].settings == ["predict.min_score=0.1"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[42]", "[]", "seeds: List should have at least 1 item"),
        ("rung: ssd_fpn", "", "rung: Field required"),
        ("soft", "../soft", r"changes.0.name: String should match"),
        ("soft", "baseline", "changes: baseline is there twice"),
        ("settings", "setting", "changes.0.setting: Extra inputs"),
        ("rung: ssd_fpn", "rung: nosuch", "study.yaml: nosuch: "),
        ("seeds", "profile: nosuch\nseeds", "study.yaml: .*nosuch"),
        ("[42]", "[-1]", "seeds.0: Input should be greater than or equal to 0"),
        ("[42]", "[1, 1]", "seeds: 1 is there twice"),
        (
            "  - {name: soft,",
            "  - {name: a b, settings: [a=1]}\n  - {name: a_b,",
            "a_b is there tw",
        ),
        ("predict.min_score=0.1", "train.shared.batch_size=0", "train.shared.batch_size"),
        ("predict.min_score=0.1", "fetch.split=given", "fetch.split is what the study itself"),
        ("predict.min_score=0.1", "train.shared.seed=1", "train.shared.seed is what the study"),
        (", settings: [predict.min_score=0.1]", "", "soft: neither settings nor a commit"),
        ("settings: [predict.min_score=0.1]", "commit: --help", "commit --help: there is none"),
        (
            "predict.min",
            "predict.max",
            "predict.max_score=0.1: unknown parameter predict.max_score",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, message):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_study(path)


def test_the_projects_own_can_be_run():
    studies = [read_study(path) for path in Path("benchmarks/studies").glob("*.yaml")]
    assert "ssd_fpn" in [study.rung for study in studies]
