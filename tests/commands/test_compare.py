"""`ladder compare`, with real git, DVC and MLflow on a project of one rung."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import compare
from commands.main import main as ladder
from pipeline.errors import InputError
from tests.compare.making import pets, told, write_result

OBJECTS = pets(16)
STAGES = {
    "tables": {
        "cmd": "mkdir -p data && cp -r made/data/tables data/",
        "deps": ["made/data/tables"],
        "outs": ["data/tables"],
    },
    "train": {
        "foreach": ["ssd"],
        "do": {
            "cmd": "mkdir -p models && echo > models/${item}",
            "params": ["train"],
            "outs": ["models/${item}"],
        },
    },
    "predict": {
        "foreach": ["ssd"],
        "do": {
            "cmd": "mkdir -p predictions && cp made/predictions/${item}.parquet predictions/",
            "deps": ["made/predictions/${item}.parquet", "models/${item}"],
            "outs": ["predictions/${item}.parquet"],
        },
    },
    "evaluate": {
        "foreach": ["ssd"],
        "do": {
            "cmd": "echo",
            "deps": [
                "predictions/${item}.parquet",
                "data/tables/images.parquet",
                "data/tables/objects.parquet",
            ],
        },
    },
}


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def dvc(folder: Path, *words: str) -> None:
    people = {f"GIT_{r}_{k}": "me" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"} | people
    command = [sys.executable, "-m", "dvc", *words, "--quiet"]
    subprocess.run(command, cwd=folder, env=environment, check=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose commit has found everything and whose experiment `worse` has not."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "dvc.yaml").write_text(json.dumps({"stages": STAGES}))
    git(folder, "init", "--quiet")
    dvc(folder, "init")
    for seed, missed in ((1, []), (2, range(10))):
        write_result(folder / "made", OBJECTS, {"ssd": told(OBJECTS, missed)})
        (folder / "params.yaml").write_text(f"train: {{shared: {{seed: {seed}}}}}\n")
        dvc(folder, "repro")
        if seed == 1:
            (folder / ".gitignore").write_text("/data\n/models\n/predictions\n")
            git(folder, "add", "--all")
            git(folder, "commit", "--quiet", "--message", "All found")
    dvc(folder, "exp", "save", "--name", "worse")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the project."""
    folder = tmp_path / "project"
    shutil.copytree(made, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


@pytest.mark.slow
def test_the_commit_beside_this_folder_is_the_default(project, capsys):
    assert compare.main([]) == 0
    out = capsys.readouterr().out
    assert "A: HEAD, commit " in out and "(All found)" in out and "B: ., this folder" in out
    (row,) = [line for line in out.splitlines() if "train.seed" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["train.seed", "1", "2", "all"]
    assert "ssd: A is better by " in out


@pytest.mark.slow
def test_an_experiment_needs_no_checkout(project, capsys):
    for folder in ("data", "models", "predictions"):
        shutil.rmtree(folder)
    assert compare.main(["worse", "HEAD"]) == 0
    assert "ssd: B is better by " in capsys.readouterr().out
    assert compare.main(["worse", "worse"]) == 0
    assert "ssd: no difference beyond chance: " in capsys.readouterr().out
    with pytest.raises(InputError, match="this folder has no predictions yet: `make repro`"):
        compare.main([])


@pytest.mark.slow
def test_what_the_cache_has_lost(project):
    shutil.rmtree(".dvc/cache")
    with pytest.raises(InputError, match=r"predictions of ssd of HEAD: .*`dvc fetch --all-commits"):
        compare.main([])


@pytest.mark.slow
def test_a_run_of_mlflow(project, capsys):
    from pipeline.tracking.dvc_lock import digests, read_lock
    from pipeline.tracking.mlflow_runs import Result
    from pipeline.tracking.stores.choice import track_results
    from tests.mlflow_store import give_store

    lock = read_lock(Path("dvc.lock"))
    records = {"dvc_deps.json": digests(lock["evaluate@ssd"].deps)}
    logged = Result("ssd", "f", "ssd seed=2", params={"train.seed": 2}, records=records)
    (outcome,) = track_results([logged], give_store(project))
    assert compare.main([outcome.run_id[:9], "."]) == 0
    out = capsys.readouterr().out
    assert f"run {outcome.run_id[:8]} (ssd seed=2)" in out and "parameters: no differences" in out
    assert "ssd: no difference beyond chance: " in out


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside two results in folders."""
    monkeypatch.chdir(tmp_path)
    for name, missed in (("a", range(10)), ("b", [])):
        write_result(tmp_path / name, OBJECTS, {"ssd": told(OBJECTS, missed)})
    return tmp_path


def test_json_for_scripts(folders, capsys):
    assert compare.main(["a", "b", "--json"]) == 0
    (rung,) = json.loads(capsys.readouterr().out)["rungs"]
    assert (rung["rung"], rung["better"], rung["photos"]) == ("ssd", "B", 16)
    assert rung["metrics"][0]["metric"] == "voc_map_50" and rung["metrics"][0]["low"] > 0
    assert rung["left_out"] == {"only_in_a": 0, "only_in_b": 0, "other_truth": 0}
    assert len(rung["classes"]) == 2 and len(rung["differing_photos"]) == 10


def test_json_has_null_where_nothing_is_known(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(write_result(tmp_path, pets(1), {"ssd": told(pets(1))}))
    assert compare.main([".", ".", "--json"]) == 0
    (rung,) = json.loads(capsys.readouterr().out)["rungs"]
    assert rung["metrics"][0]["low"] is None


def test_a_page_replaces_a_page_and_nothing_else(folders, capsys):
    assert compare.main(["a", "b", "--html", "c.html"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("c.html: ")
    assert compare.main(["a", "b", "--html", "c.html"]) == 0
    assert "000.jpg" in Path("c.html").read_text()
    Path("mine.html").write_text("my notes")
    with pytest.raises(InputError, match=r"mine\.html: exists and is not a page of this command"):
        compare.main(["a", "b", "--html", "mine.html"])
    assert Path("mine.html").read_text() == "my notes"


def test_the_order_of_the_ladder(tmp_path):
    path = tmp_path / "params.yaml"
    assert compare.ladder_order(path) == []
    path.write_text("train: {shared: {}, bbox: {}, ssd: {}}")
    assert compare.ladder_order(path) == ["shared", "bbox", "ssd"]


def test_bad_input_is_one_line(folders, capsys):
    with pytest.raises(SystemExit) as end:
        ladder(["compare", "a:fpn", "b"])
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith("error: a:fpn: no result of a rung 'fpn'")


def test_folders_are_compared_without_torch_and_mlflow(folders):
    code = (
        "import sys; from commands.compare import main; main(['a', 'b', '--html', 'c.html'])\n"
        "print([n for n in ('torch', 'mlflow', 'dvc') if n in sys.modules])"
    )
    root = Path(compare.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
