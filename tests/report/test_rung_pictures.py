"""The pictures of one rung: what they show and what they say."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.data.pixel_store import open_pixel_store
from pipeline.errors import InputError
from pipeline.evaluate.result_files import MetricInterval
from pipeline.files import PIXELS
from pipeline.predictions import read_predictions
from pipeline.report import rung_pictures
from pipeline.report.answers import Answers, DrawnPhotos, read_answers
from pipeline.report.fonts import lettering
from pipeline.report.rung_pictures import in_words
from pipeline.schemas import SCHEMAS, read_classes, read_table
from stages import evaluate
from tests.conftest import stand_alone
from tests.stages.answers import TASKS, answer
from tests.stages.small_project import run_main

pytestmark = pytest.mark.slow  # every picture of a rung is drawn

NAN = float("nan")


# Drawn without photos: `test_report` draws them.
CHARTS = (
    *("history_curves", "confusion_picture", "precision_recall"),
    *("draw_quality", "error_bars", "anchor_picture"),
)


@contextmanager
def photos_here() -> Iterator[DrawnPhotos]:
    """Yield the photos of the current folder."""
    tables = {
        name: read_table(Path(f"data/tables/{name}.parquet"), schema)
        for name, schema in SCHEMAS.items()
    }
    images = tables.pop("images")
    with lettering(read_classes(images)) as letters:
        yield DrawnPhotos(images, open_pixel_store(PIXELS), tables, letters)


def answers_of(rung: str) -> Answers:
    """Return the predictions of a rung in the current folder."""
    predictions = read_predictions(Path(f"predictions/{rung}.parquet"))
    return read_answers(rung, predictions, Path("evaluation", rung))


@pytest.fixture(scope="module")
def drawn(evaluated, tmp_path_factory):
    """The arguments of `photo_grid` for each picture, by rung and name; not to be changed."""
    seen = {}

    def note(path, photos, truths, found, **named):
        seen[f"{path.parent.name}/{path.name}"] = named | {"truths": truths, "found": found}

    with pytest.MonkeyPatch.context() as monkeypatch:
        stand_alone(monkeypatch)
        monkeypatch.chdir(evaluated)
        monkeypatch.setattr(rung_pictures, "photo_grid", note)
        for chart in CHARTS:
            monkeypatch.setattr(rung_pictures, chart, lambda *_: None)
        folder = tmp_path_factory.mktemp("drawn")
        with photos_here() as photos:
            for rung in TASKS:
                (folder / rung).mkdir()
                rung_pictures.draw_rung(folder / rung, answers_of(rung), photos, 2)
    return seen


def test_what_is_drawn_is_what_becomes_a_label(drawn, evaluated):
    scores = json.loads((evaluated / "evaluation/ssd_fpn/label_scores.json").read_text())
    limits = list(scores.values())
    for name in ("ssd_fpn/val_grid.png", "ssd_fpn/val_worst.png"):
        for marks in drawn[name]["found"]:
            for label, score in zip(marks.labels, marks.scores, strict=True):
                assert score > limits[label]
        assert drawn[name]["note"].startswith("drawn: boxes that become labels, with scores above ")
    low, high = min(limits), max(limits)
    words = drawn["ssd_fpn/val_grid.png"]["note"]
    if high - low >= 0.005:
        assert f"{low:.2f} to {high:.2f}, by class" in words
    assert drawn["classifier/val_grid.png"]["note"] == ""


def test_the_worst_photos_say_what_is_wrong_and_have_errors(drawn):
    totals = []
    named = drawn["ssd_fpn/val_worst.png"]
    for truth, found, caption in zip(
        named["truths"], named["found"], named["captions"], strict=True
    ):
        file, words = caption.split(": ")
        assert file.endswith(".jpg")
        totals.append(sum(int(number) for number in re.findall(r"\d+", words)))
        assert 0 < totals[-1] <= len(truth.boxes) + len(found.boxes)
    assert totals == sorted(totals, reverse=True)
    assert re.search(r"voc_map_50 0\.\d{3} \(0\.\d{3} to \d\.\d{3}\)", named["title"])


@pytest.mark.parametrize("rung", ["classifier", "bbox", "combined"])
def test_the_worst_answers_of_the_largest_object_say_what_is_wrong(drawn, rung):
    named = drawn[f"{rung}/val_worst.png"]
    wrong = [
        len(truth.labels) and len(found.labels) and truth.labels[0] != found.labels[0]
        for truth, found in zip(named["truths"], named["found"], strict=True)
    ]
    assert named["single"] and any(wrong) == (rung != "bbox")
    assert wrong == sorted(wrong, reverse=True)  # wrong classes come first
    assert all(wrong) or rung != "classifier"
    assert all(
        caption.endswith(" px off") == (rung != "classifier") for caption in named["captions"]
    )


def test_photos_without_an_object_are_not_drawn_for_one_answer_a_photo(drawn):
    assert all(len(marks.labels) for marks in drawn["combined/val_grid.png"]["truths"])


def test_progress_of_a_training_by_percent(drawn):
    pictures = {path: named for path, named in drawn.items() if path.startswith("progress/")}
    assert list(pictures) == [f"progress/{percent}.png" for percent in (25, 50, 75, 100)]
    titles = [named["title"].partition(": ")[2] for named in pictures.values()]
    assert titles == [f"found after epoch {epoch} of 6" for epoch in (2, 3, 4, 6)]
    boxes = [[len(marks.boxes) for marks in named["found"]] for named in pictures.values()]
    assert boxes == [[2, 0], [3, 1], [4, 1], [6, 1]]


def test_a_training_of_two_epochs(painted_project, monkeypatch):
    """The first epoch is at both 25 and 50 %, of which the latter is drawn."""
    answer("ssd_fpn")
    path = Path("models/ssd_fpn/history.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    run_main(evaluate, "ssd_fpn")
    drawn = []
    monkeypatch.setattr(rung_pictures, "photo_grid", lambda path, *_, **__: drawn.append(path.name))
    with photos_here() as photos:
        rung_pictures.draw_progress(Path("progress"), answers_of("ssd_fpn"), photos)
    assert drawn == ["50.png", "100.png"]


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (("accuracy", 1.0, 0.912, 1.0, ""), "accuracy 1.000 (0.912 to 1.000)"),
        (("l1_px", 6.88, 6.12, 7.75, ""), "l1_px 6.9 (6.1 to 7.8)"),
        (("voc_map_50", 0.5, NAN, NAN, ""), "voc_map_50 0.500"),
        (("voc_map_50", NAN, NAN, NAN, ""), "voc_map_50 unknown"),
        (("accuracy", 1.0, NAN, NAN, "one class: always 1"), "accuracy 1.000, one class: always 1"),
    ],
)
def test_a_metric_in_words(metric, words):
    assert in_words(MetricInterval("val", *metric)) == words


def test_a_results_folder_without_metrics_is_refused(painted_project, tmp_path):
    answer("bbox")
    run_main(evaluate, "bbox")
    path = Path("evaluation/bbox/intervals.csv")
    path.write_text(path.read_text().splitlines()[0] + "\r\n")
    with pytest.raises(InputError, match=r"intervals\.csv: empty"):
        rung_pictures.draw_rung(tmp_path, answers_of("bbox"), None, 4)
