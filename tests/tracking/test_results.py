"""The result of a rung, gathered from a small project folder."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tracking import results
from pipeline.tracking.dvc_lock import read_lock
from pipeline.tracking.git_state import run_git
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.results import note_on_processors
from pipeline.train.history import EpochRow, history_lines
from tests.stages.ladder_tree import make_tree, md5, read_stages, write_lock


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def missing(rung: str) -> str | None:
    return results.missing_result(read_lock(Path("dvc.lock")), rung)


def collect(rung: str) -> Result:
    return results.collect(read_lock(Path("dvc.lock")), rung, {}, {})


def test_what_a_result_says(project):
    make_tree(project, ("combined",), epochs=2)
    found = collect("combined")
    assert found.fingerprint == results.fingerprint_of(read_lock(Path("dvc.lock")), "combined")
    assert found.params == {
        "fetch.source": "demo",
        "fetch.seed": 42,
        "pixels.size": 160,
        "train.seed": 42,
        "train.device": "auto",
        "train.head.epochs": 3,
        "train.head.lr": 0.001,
        "predict.min_score": 0.05,
    }
    assert found.metrics == {
        "val/accuracy": 0.95,
        "val/l1_px": 8.5,
        "val/mean_iou": 0.77,
        "while_training/minutes": 61 / 60,
    }
    assert [row["epoch"] for row in found.history] == [1, 2]
    assert found.datasets == {"data/pixels": md5("pixels") + ".dir"}
    assert found.records["dvc_deps.json"]["data/pixels"] == md5("pixels") + ".dir"
    assert (found.name, found.seconds) == (f"combined · {found.fingerprint[:8]}", 61)
    assert "**combined** finds the class and the box" in found.tags["mlflow.note.content"]
    assert (found.tags["seed"], found.tags["device"]) == ("42", "cuda")
    assert found.tags["headline"] == "l1_px 8.500"
    assert found.tags["processor"] == "a fast one"
    assert found.model == Path("models/combined")
    assert found.folders == {"evaluation": Path("evaluation/combined")}
    assert [picture.name for picture in found.pictures] == ["val_grid.png"]
    assert found.progress == {25: Path("figures/combined/progress/25.png")}


def test_labels_of_a_model_are_told(project):
    make_tree(project, ("ssd_fpn",))
    stages = read_stages(project)
    sources = [{"path": "truth"}, {"path": "machine", "role": "machine", "teacher": "ssd_fpn a1b2"}]
    stages["fetch"]["params"]["params.yaml"]["fetch"]["sources"] = sources
    write_lock(project, stages)
    assert "teacher" not in collect("ssd_fpn").tags  # no report of the tables
    report = project / "data/tables/report.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"objects": 200, "labelled_by_a_model": 50}))
    tags = collect("ssd_fpn").tags
    assert tags["teacher"] == "ssd_fpn a1b2"
    assert tags["machine_labels"] == "50 of 200 objects (25%)"


def test_the_same_model_trained_again_in_other_time_is_the_same_result(project):
    make_tree(project, ("bbox",))
    first = collect("bbox").fingerprint
    stages = read_stages(project)
    for entry in stages.values():
        for file in [*entry.get("deps", []), *entry["outs"]]:
            if file["path"] in ("models/bbox", "training/bbox.json"):
                file["md5"] = "0" * 32
    write_lock(project, stages)
    Path("training/bbox.json").write_text('{"seconds": 5.0}')
    assert missing("bbox") is None
    assert collect("bbox").fingerprint == first
    Path("models/bbox/model.safetensors").write_text("other weights")
    assert collect("bbox").fingerprint != first


def test_metrics_of_another_processor_are_told(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    make_tree(project, ("bbox",))
    path = Path("metrics/bbox.json")
    path.write_text(json.dumps({"bbox": {"val": {}, "processor": "old"}}, indent=2))
    assert note_on_processors() is None  # no commit
    run_git("init", "--quiet")
    run_git("add", "metrics")
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    run_git(*who, "commit", "--quiet", "--message", "first")
    assert note_on_processors() is None
    path.write_text(path.read_text().replace("old", 'new "A"').replace('"A"', '\\"A\\"'))
    note = note_on_processors()
    assert note is not None and 'made on old, these on new "A";' in note


def test_missing_values_are_left_out(project):
    make_tree(project, ("bbox",))
    Path("metrics/bbox.json").write_text('{"bbox": {"val": {"l1_px": null}}}')
    found = collect("bbox")
    assert found.metrics == {"while_training/minutes": 61 / 60} and "headline" not in found.tags


def test_the_best_epoch_and_every_class(project):
    make_tree(project, ("ssd_fpn",))
    epochs = ((1, 3.0, 0.2), (2, 1.5, 0.4), (3, 2.0, 0.5))
    rows = [
        EpochRow(
            epoch=epoch,
            phase="head",
            lr=0.1,
            train={},
            val={"loss": loss, "voc_map_50": ap},
            found=[],
        )
        for epoch, loss, ap in epochs
    ]
    Path("models/ssd_fpn/history.jsonl").write_text(history_lines(rows))
    Path("evaluation/ssd_fpn/ap_by_class.csv").write_text(
        "name,ap,ap_11pt,objects\ncat,0.75,0.7,4\ndog,nan,nan,0\n"
    )
    found = collect("ssd_fpn").metrics
    assert (found["best/epoch"], found["best/val_loss"]) == (2, 1.5)
    assert found["best/val_voc_map_50"] == 0.5
    assert found["val/ap/cat"] == 0.75 and "val/ap/dog" not in found


def _without(path: str):
    return lambda project: shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()


def _other_metrics(project):
    Path("metrics/bbox.json").write_text("{}")


def _other_model(project):
    stages = read_stages(project)
    stages["train@bbox"]["outs"] = [{"path": "models/bbox", "md5": "0" * 32 + ".dir"}]
    write_lock(project, stages)


def _not_evaluated(project):
    stages = read_stages(project)
    del stages["evaluate@bbox"]
    write_lock(project, stages)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without("dvc.lock"), "not in dvc.lock yet"),
        (_not_evaluated, "not in dvc.lock yet"),
        (_without("models/bbox"), "is missing"),
        (_without("evaluation/bbox"), "is missing"),
        (_without("metrics/bbox.json"), "is missing"),
        (_other_metrics, "is not the one in dvc.lock"),
        (_other_model, "predict@bbox has read an older models/bbox"),
    ],
)
def test_a_rung_without_a_sound_result_is_skipped_with_the_reason(project, change, reason):
    make_tree(project, ("bbox",))
    assert missing("bbox") is None
    change(project)
    assert reason in missing("bbox")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_damaged_metrics_are_named(project, text):
    make_tree(project, ("bbox",))
    Path("metrics/bbox.json").write_text(text)
    with pytest.raises(InputError, match=r"metrics/bbox\.json: not a JSON object"):
        collect("bbox")
