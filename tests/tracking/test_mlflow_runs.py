"""Tracking against real MLflow stores."""

import json
import math
import multiprocessing
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from PIL import Image

from pipeline.errors import InputError
from pipeline.tracking import mlflow_runs, mlflow_store
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.mlflow_store import EXPERIMENT
from pipeline.tracking.sqlite_store import database, local_store
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_store import client_of, give_store, runs_of


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    folder = tmp_path / "a project"
    folder.mkdir()
    return give_store(folder)


def result(number: int = 1, **changes) -> Result:
    return Result(rung="bbox", fingerprint=f"{number:064x}", **changes)


def answering(status: int):
    """Return a server on a free port that answers everything with `status`, and its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/health" and status != 500 else status)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def test_no_results_make_no_store(tmp_path):
    assert track_results([], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_a_bare_result_becomes_a_finished_run(root):
    (outcome,) = track_results([result()], root)
    (run,) = runs_of(root)
    assert (outcome.rung, outcome.run_id, outcome.new) == ("bbox", run.info.run_id, True)
    assert (run.info.run_name, run.info.status) == ("bbox", "FINISHED")
    assert run.data.tags["fingerprint"] == f"{1:064x}"
    assert run.data.tags["complete"] == "true"


def test_everything_arrives(root):
    model = root / "models" / "bbox"
    model.mkdir(parents=True)
    (model / "model.json").write_text('{"rung": "bbox"}')
    picture = root / "grid.png"
    Image.new("RGB", (4, 3)).save(picture)
    full = result(
        params={"train.lr": 0.001, "train.flip": True},
        metrics={"val/mean_iou": 0.75},
        history=[
            {"epoch": 1, "phase": "head", "train": {"loss": 4.0}, "lr": 0.1},
            {"epoch": 2, "phase": "all", "train": {"loss": 2.0}, "lr": 0.2},
        ],
        tags={"seed": "42"},
        datasets={"data/pixels": "0123456789abcdef0123456789abcdef.dir"},
        pictures=[picture],
        progress={100: picture, 25: picture},
        folders={"model": model},
        name="bbox · late.lr=0.1",
        seconds=90,
        records={"dvc_deps.json": {"data/pixels": "0123"}},
    )
    (outcome,) = track_results([full], root)
    client, (run,) = client_of(root), runs_of(root)
    assert run.data.params == {"train.lr": "0.001", "train.flip": "True"}
    assert run.data.metrics == {
        "val/mean_iou": 0.75,
        "while_training/train/loss": 2.0,
        "while_training/lr": 0.2,
    }
    steps = client.get_metric_history(outcome.run_id, "while_training/train/loss")
    assert [(m.step, m.value) for m in steps] == [(1, 4.0), (2, 2.0)]
    assert (run.data.tags["seed"], run.data.tags["rung"]) == ("42", "bbox")
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == "data/pixels"
    assert data.dataset.digest == "0123456789abcdef0123456789abcdef.dir"
    artifacts = root / "mlruns" / outcome.run_id / "artifacts"
    assert (artifacts / "pictures" / "grid.png").read_bytes() == picture.read_bytes()
    # The same step in all runs, or the page would not show their pictures beside each other.
    assert len(list((artifacts / "images").glob("grid*step*0*.png"))) == 1
    for percent in (25, 100):
        assert (
            len(list((artifacts / "images").glob(f"progress?step?{percent}?timestamp*.png"))) == 1
        )
    assert json.loads((artifacts / "dvc_deps.json").read_text()) == {"data/pixels": "0123"}
    assert run.info.run_name == "bbox · late.lr=0.1"
    assert 90_000 <= run.info.end_time - run.info.start_time < 120_000
    assert json.loads((artifacts / "model" / "model.json").read_text()) == {"rung": "bbox"}


def test_a_model_becomes_a_version_that_mlflow_loads(root):
    from tests.inference.making import saved  # torch: not for the processes below

    model = saved(root / "models/ssd_fpn", "ssd_fpn")
    (outcome,) = track_results([result(model=model)], root)
    client = client_of(root)
    version = client.get_model_version_by_alias("bbox", "candidate")
    assert (str(version.version), version.run_id) == ("1", outcome.run_id)
    artifacts = root / "mlruns" / outcome.run_id / "artifacts"
    assert (artifacts / "model/MLmodel").is_file()
    assert (artifacts / "model/artifacts/ssd_fpn/model.safetensors").is_file()
    track_results([result(model=model)], root)
    assert len(client.search_model_versions("name = 'bbox'")) == 1  # nothing new, no new version


def test_a_store_without_a_registry_keeps_the_run(root, capsys, monkeypatch):
    from tests.inference.making import saved  # torch: not for the processes below

    monkeypatch.setattr(mlflow_runs, "register", lambda *_: 1 / 0)
    model = saved(root / "models/ssd_fpn", "ssd_fpn")
    (outcome,) = track_results([result(model=model)], root)
    assert outcome.new and len(runs_of(root)) == 1
    assert "warning: bbox: not registered (division by zero)" in capsys.readouterr().err


def test_more_numbers_than_one_call_takes(root):
    history = [{"epoch": e, "a": e, "b": -e} for e in range(1, 601)]
    params = {f"p{i}": i for i in range(101)}
    (outcome,) = track_results([result(params=params, history=history)], root)
    (run,) = runs_of(root)
    assert len(run.data.params) == 101
    assert len(client_of(root).get_metric_history(outcome.run_id, "while_training/b")) == 600


def test_names_that_mlflow_refuses_and_nan(root):
    track_results([result(metrics={"AP@50 (dog)": 0.5, "loss": math.nan})], root)
    (run,) = runs_of(root)
    assert run.data.metrics["AP_50 _dog_"] == 0.5
    assert math.isnan(run.data.metrics["loss"])


def test_twice_is_one_run_and_needs_no_mlflow(root, monkeypatch):
    first = track_results([result(1), result(2)], root)
    monkeypatch.setattr(mlflow_runs, "open_client", lambda uri: pytest.fail("MLflow was opened"))
    second = track_results([result(2), result(1)], root)
    assert [outcome.new for outcome in first + second] == [True, True, False, False]
    assert [outcome.run_id for outcome in second] == [first[1].run_id, first[0].run_id]
    assert len(runs_of(root)) == 2


def test_only_the_new_one_of_two_is_logged(root):
    (old,) = track_results([result(1)], root)
    again, new = track_results([result(1), result(2)], root)
    assert (again.run_id, again.new, new.new) == (old.run_id, False, True)
    assert len(runs_of(root)) == 2


def test_the_client_also_finds_what_the_tables_do_not_tell(root, monkeypatch):
    (old,) = track_results([result()], root)
    monkeypatch.setattr(mlflow_runs, "known_runs", lambda uri, experiment: {})
    (again,) = track_results([result()], root)
    assert (again.run_id, again.new) == (old.run_id, False)


def test_a_deleted_run_is_logged_again(root):
    (old,) = track_results([result()], root)
    client_of(root).delete_run(old.run_id)
    (new,) = track_results([result()], root)
    assert new.new and new.run_id != old.run_id
    assert len(runs_of(root)) == 1


def test_a_deleted_experiment_comes_back(root):
    (old,) = track_results([result()], root)
    client = client_of(root)
    client.delete_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id)
    (again,) = track_results([result()], root)
    assert (again.run_id, again.new) == (old.run_id, False)


@pytest.mark.parametrize("survivor", [1, 2], ids=["same result", "another result"])
def test_a_run_killed_half_way_is_replaced(root, monkeypatch, survivor):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(mlflow_runs, "_log_datasets", killed)
        track_results([result(1)], root)
    (half,) = runs_of(root)
    assert (half.info.status, "complete" in half.data.tags) == ("RUNNING", False)
    (outcome,) = track_results([result(survivor)], root)
    (run,) = runs_of(root)
    assert outcome.new and run.info.run_id == outcome.run_id != half.info.run_id
    assert run.info.status == "FINISHED"


def test_a_run_killed_after_its_last_number_is_only_closed(root, monkeypatch):
    def killed(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(MlflowClient, "set_terminated", killed)
        track_results([result()], root)
    (outcome,) = track_results([result()], root)
    (run,) = runs_of(root)
    assert (outcome.run_id, outcome.new) == (run.info.run_id, False)
    assert run.info.status == "FINISHED"


def test_a_run_that_others_left_running_is_theirs(root):
    track_results([result(1)], root)
    client = client_of(root)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    client.create_run(experiment, run_name="by hand")
    track_results([result(2)], root)
    assert sorted(run.info.run_name for run in runs_of(root)) == ["bbox", "bbox", "by hand"]


def test_doubles_of_another_machine_are_dropped(root, monkeypatch):
    log = mlflow_runs._log

    def both_log(client, experiment_id, item):
        log(client, experiment_id, item)  # the other machine, a moment earlier
        time.sleep(0.002)  # start times have milliseconds
        return log(client, experiment_id, item)

    monkeypatch.setattr(mlflow_runs, "_log", both_log)
    (outcome,) = track_results([result()], root)
    (run,) = runs_of(root)
    assert (outcome.run_id, outcome.new) == (run.info.run_id, False)


def _track_in_process(root: Path, start) -> None:
    start.wait()
    track_results([result(1), result(2)], root)


@pytest.mark.slow
def test_two_first_calls_at_once_make_one_run_each(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    workers = [spawn.Process(target=_track_in_process, args=(tmp_path, start)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(runs_of(tmp_path)) == 2


@pytest.mark.parametrize(
    "uri",
    ["http://user:secret@127.0.0.1:9", "./mlruns", "nonsense://x"],
    ids=["nobody listens", "a file store", "no such scheme"],
)
def test_a_store_out_of_reach_is_one_line_and_the_local_store(root, capsys, uri):
    started = time.monotonic()
    (outcome,) = track_results([result()], root, uri)
    assert time.monotonic() - started < 10
    assert outcome.store == local_store(root) and len(runs_of(root)) == 1
    error = capsys.readouterr().err
    assert error.startswith("warning: MLflow at ") and error.count("\n") == 1
    assert "secret" not in error and "mlflow.db" in error


@pytest.mark.parametrize("status", [500, 404], ids=["broken", "answers, but is no MLflow"])
def test_a_server_that_does_not_work(root, capsys, status):
    server, uri = answering(status)
    (outcome,) = track_results([result()], root, uri)
    server.shutdown()
    assert outcome.store == local_store(root)
    assert "logging to sqlite:///" in capsys.readouterr().err


def test_a_server_that_never_answers(root, capsys, monkeypatch):
    monkeypatch.setattr(mlflow_store, "_PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        (outcome,) = track_results([result()], root, uri)
    assert time.monotonic() - started < 10
    assert outcome.store == local_store(root)
    assert "out of reach" in capsys.readouterr().err


def test_another_sqlite_store_is_used_as_it_is_asked(root, tmp_path, capsys):
    other = give_store(tmp_path)
    (outcome,) = track_results([result()], root, local_store(other))
    assert (outcome.store, capsys.readouterr().err) == (local_store(other), "")
    assert len(runs_of(other)) == 1
    assert client_of(root).get_experiment_by_name(EXPERIMENT) is None


def test_experiment_name_of_the_environment(root, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    track_results([result()], root)
    assert client_of(root).get_experiment_by_name("mine") is not None
    assert client_of(root).get_experiment_by_name(EXPERIMENT) is None


def test_a_damaged_store_is_named_with_its_remedy(tmp_path):
    (tmp_path / "mlflow.db").write_text("this is no database" * 100)
    with pytest.raises(InputError, match=r"mlflow\.db: cannot be written: .*move mlflow\.db aside"):
        track_results([result()], tmp_path)


@pytest.mark.parametrize("name", ["a%20b", "feature%2Fx", "q?x", "h#x 100%"])
def test_a_project_folder_of_any_name(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    give_store(folder)
    picture = folder / "grid.png"
    Image.new("RGB", (4, 3)).save(picture)
    (first,) = track_results([result(pictures=[picture])], folder)
    (again,) = track_results([result(pictures=[picture])], folder)
    assert (again.run_id, first.new, again.new) == (first.run_id, True, False)
    artifacts = folder / "mlruns" / first.run_id / "artifacts"
    assert (artifacts / "pictures" / "grid.png").is_file()
    assert database(first.store) == folder / "mlflow.db"
    assert [path.name for path in tmp_path.iterdir()] == [name]
