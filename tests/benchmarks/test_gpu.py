"""The run on a GPU: packed, rehearsed here in all its parts, and rendered."""

import json
import time

import pytest
from PIL import Image

from benchmarks.gpu import pack, part, reference, run, steps, table
from benchmarks.gpu.choices import pays_after
from benchmarks.gpu.gpu_tests import gpu_test_files
from benchmarks.gpu.packed_photos import LABELS, SIDE, pack_photos
from benchmarks.gpu.packed_wheels import WANTED, locked
from benchmarks.gpu.results import Results
from benchmarks.gpu.training import shortened
from pipeline.errors import InputError
from pipeline.params.params import load_params
from pipeline.train.schedule import Phase
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def packed(shared, tmp_path_factory):
    """Return a pack of a few photos, without wheels: they are installed here."""
    folder = tmp_path_factory.mktemp("pack")
    pack_photos(shared("voc2007"), folder / "photos", count=40)
    (folder / "pack.json").write_text('{"commit": "abc"}')
    return folder


def minutes(count):
    return time.monotonic() + 60 * count


@pytest.fixture
def few_processes(monkeypatch):
    """Run all parts but the first in this process, which has imported torch already."""
    from torch._dynamo import config  # 2 s: only where it is needed

    in_a_process = run._ended

    def ended(name, figures, seconds, work, environment):
        if name == "gpu_tests":
            return in_a_process(name, figures, seconds, work, environment)
        with monkeypatch.context() as patch, config.patch(disable=True):
            # A compiler takes minutes on two cores; a GPU's run has them.
            patch.chdir(work)
            patch.setenv("PYTHONPATH", environment["PYTHONPATH"])
            patch.setattr("sys.argv", ["part", name, str(figures.path), str(seconds)])
            patch.setattr(part, "keep_freed_memory", lambda: None)
            part.main()
        return run.COMPLETE

    monkeypatch.setattr(run, "_ended", ended)
    # Few and small steps, as for the other rungs of a rehearsal.
    monkeypatch.setattr(steps, "REFERENCE_SIDE", 128)
    monkeypatch.setattr(steps, "_WARM_UP", 1)
    monkeypatch.setattr(reference, "_WARM_UP", 1)


@pytest.mark.slow
def test_every_part_is_reached(packed, few_processes, tmp_path):
    results = tmp_path / "gpu.json"
    run.run(packed, results, minutes(120))  # a machine may be busy
    found = json.loads(results.read_text())
    assert {name: end["how"] for name, end in found["ended"].items()} == dict.fromkeys(
        run.PARTS, run.COMPLETE
    )
    rows = found["rows"]
    assert {row["outcome"] for row in rows["gpu_tests"]} <= {"passed", "skipped"}
    names = load_params(ROOT / "params.yaml").rung_names
    assert [row["rung"] for row in rows["steps"]] == ["ssd_fpn", *reversed(names)]
    assert [row["photos_per_s"] > 0 for row in rows["reference"]] == [True]
    assert all(0 < row["ratio"] and row["photos_per_s"] > 0 for row in rows["steps"])
    assert all(row["photos_per_s"] > 0 for row in rows["label"])
    assert len(rows["choices"]) == 4 and all(row["step_ms"] > 0 for row in rows["choices"])
    assert [row["epoch"] for row in rows["training"]] == [1, 2]
    assert all(0 <= row["voc_map_50"] <= 1 for row in rows["training"])


def test_a_part_without_time_leaves_what_is_there(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "PARTS", {"project": 0.001, "steps": 0.1})
    results = tmp_path / "gpu.json"
    run.run(packed, results, minutes(0))
    assert set(json.loads(results.read_text())["ended"]) == {"project", "steps"}
    run.run(packed, results, minutes(1))  # Python alone takes longer to start
    assert json.loads(results.read_text())["ended"]["project"]["how"] == "ended after 0 seconds"


def test_boxes_shrink_with_their_photos(packed, shared):
    before = json.loads(next(shared("voc2007").glob("*.json")).read_text())
    after = json.loads((packed / "photos" / LABELS).read_text())
    assert len(after["images"]) == 40
    old = {item["id"]: item["bbox"] for item in before["annotations"]}
    whole = {image["id"]: image for image in before["images"]}
    for image in after["images"]:
        with Image.open(packed / "photos" / "images" / image["file_name"]) as photo:
            assert photo.size == (image["width"], image["height"])
        assert max(image["width"], image["height"]) == SIDE
        across = image["width"] / whole[image["id"]]["width"]
        boxes = [each for each in after["annotations"] if each["image_id"] == image["id"]]
        assert boxes
        for item in boxes:
            assert item["bbox"][0] == pytest.approx(old[item["id"]][0] * across, abs=0.01)


def test_a_pack_that_is_too_large_is_refused(shared, tmp_path, monkeypatch):
    few = pack_photos
    monkeypatch.setattr(pack, "pack_photos", lambda source, folder: few(source, folder, 3))
    monkeypatch.setattr(pack, "pack_wheels", lambda folder: folder.mkdir())  # they need a network
    lines = pack.pack(tmp_path / "pack", shared("voc2007"))
    assert "bytes of 60,000,000" in lines[0]
    monkeypatch.setattr(pack, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="lower SIDE, now 256"):
        pack.pack(tmp_path / "larger", shared("voc2007"))
    assert not (tmp_path / "larger").exists()


def test_no_pack_is_named(tmp_path):
    with pytest.raises(InputError, match="--pack"):
        run.run(tmp_path, tmp_path / "gpu.json", minutes(1))


def test_wheels_are_those_of_the_lock():
    entries = locked((ROOT / "requirements.lock").read_text(), WANTED)
    names = [line.partition("==")[0] for line in entries.splitlines() if line[0] != " "]
    assert names == list(WANTED)
    assert entries.count("--hash=sha256:") >= len(WANTED)


def test_tests_for_a_gpu_are_found():
    assert {path.name for path in gpu_test_files()} >= {
        "test_no_synchronisation.py",
        "test_loop_resumed.py",
        "test_torch_engine.py",
        "test_whole_batch.py",
    }


def test_phases_are_cut_from_the_end():
    phases = [Phase("late", 2, 0.1), Phase("all", 60, 0.1)]
    assert shortened(phases, 100) == phases
    assert shortened(phases, 10) == [Phase("late", 2, 0.1), Phase("all", 8, 0.1)]
    assert shortened(phases, 0) == [Phase("late", 1, 0.1)]


@pytest.mark.parametrize(("step_ms", "epochs"), [(30.0, 20), (50.0, None), (60.0, None)])
def test_break_even(step_ms, epochs):
    ours = {"first_s": 1.0, "step_ms": 50.0}
    assert pays_after({"first_s": 41.0, "step_ms": step_ms}, ours, 100) == epochs


def example(card):
    return {
        "date": "2026-11-28",
        "card": card,
        "driver": "580.1",
        "commit": "0123456789",
        "machine": {"cores": 16, "packages": {"torch": "2.11.0"}},
    }


def test_results_become_tables(tmp_path):
    results, report = Results(tmp_path / "gpu.json"), tmp_path / "report.md"
    report.write_text(f"before\n{table.START}\nold\n{table.END}\nafter\n")
    results.begin(example("NVIDIA H100"))
    results.add("gpu_tests", {"test": "a", "outcome": "passed", "said": ""})
    step = {"rung": "bbox", "side": 288, "batch": 32, "photos_per_s": 1000.0, "step_per_s": 1100.0}
    results.add("steps", step | {"ratio": 0.909, "peak_mb": 900})
    results.add("reference", {"side": 320, "photos_per_s": 500.0})
    for epoch in range(1, 6):
        row = {"minute": epoch / 10, "epoch": epoch, "of": 5, "voc_map_50": epoch / 10}
        results.add("training", row)
    results.end("steps", "ended after 110 seconds", 110.01)
    table.render(report, results.path)
    text = report.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "NVIDIA H100, driver 580.1, torch 2.11.0" in text and "1 passed" in text
    assert "| bbox | 288 | 1000.0 | 1100.0 | 0.91 | 900 MB |" in text
    assert "| torchvision's ssdlite320 | 320 | 500.0 |  |  |  |" in text
    assert [line for line in text.splitlines() if "of 5" in line] == [
        "| 0.1 | 1 of 5 | 0.1 |",
        "| 0.4 | 4 of 5 | 0.4 |",
        "| 0.5 | 5 of 5 | 0.5 |",
    ]
    assert "Not complete: steps ended after 110 seconds." in text


def test_a_rehearsal_is_no_result(tmp_path):
    results = Results(tmp_path / "gpu.json")
    results.begin(example(None))
    with pytest.raises(InputError, match="rehearsal"):
        table.render(tmp_path / "report.md", results.path)


def test_the_report_has_room_for_the_tables():
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.count(table.START) == text.count(table.END) == 1
