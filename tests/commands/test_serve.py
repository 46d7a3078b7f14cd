"""`ladder serve`, as a process of its own: its line, its answers, its end, and what it refuses."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import main as ladder
from commands import serve
from pipeline.errors import InputError
from pipeline.rungs.saved_model import save_model
from pipeline.tracking.sqlite_store import local_store
from tests.conftest import ROOT
from tests.inference.making import CLASSES, saved, spec_of
from tests.serve.making import encoded, small_model


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["serve", *arguments])
    return end.value.code


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model and the scores that were chosen for it, and nothing else."""
    root = tmp_path_factory.mktemp("serving")
    folder = root / "models" / "ssd_fpn"
    folder.mkdir(parents=True)
    save_model(folder, small_model(), spec_of("ssd_fpn"))
    scores = root / "evaluation" / "ssd_fpn" / "label_scores.json"
    scores.parent.mkdir(parents=True)
    scores.write_text(json.dumps(dict.fromkeys(CLASSES, 0.3)))
    return root


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "commands.main", "serve", "--port", "0", *arguments]


def environment() -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


@contextmanager
def started(project: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen, int, str]]:
    """Yield a server's process, its port and its line, when it answers."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, line + process.stdout.read()
        yield process, int(found[1]), line
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def asked(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {"Content-Type": "image/png"})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def ends_with_what_is_in_flight(
    process: subprocess.Popen, port: int, number: signal.Signals, photo: bytes
) -> None:
    """Send half of a request, then the signal, then the other half; all of it is answered."""
    connection = socket.create_connection(("127.0.0.1", port))
    head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: {len(photo)}\r\n"
    connection.sendall(head.encode() + b"Content-Type: image/png\r\n\r\n" + photo[:50])
    while asked(port, "GET", "/health")[1]["waiting"] < 1:
        time.sleep(0.02)
    process.send_signal(number)
    time.sleep(0.5)
    with pytest.raises(ConnectionRefusedError):
        asked(port, "GET", "/health")
    connection.sendall(photo[50:])
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
    connection.close()
    assert process.wait(60) == 0
    assert process.stdout.read() == ""


@pytest.mark.slow
def test_it_answers_and_ends_with_what_is_in_flight(project: Path) -> None:
    with started(project, "--score", "dog=0.9") as (process, port, line):
        assert line == f"models/ssd_fpn: serving on http://127.0.0.1:{port} (Ctrl-C ends it)\n"
        status, health = asked(port, "GET", "/health")
        assert (status, health["rung"]) == (200, "ssd_fpn")
        assert health["scores"] == {"cat": 0.3, "dog": 0.9, "owl": 0.3}
        status, answer = asked(port, "POST", "/predict", encoded("PNG"))
        assert status == 200 and answer["photos"][0]["detections"]
        ends_with_what_is_in_flight(process, port, signal.SIGTERM, encoded("PNG"))


@pytest.mark.slow
def test_limits_are_given_and_ctrl_c_ends_it_as_well(project: Path) -> None:
    words = ("--max-mb", "0.001", "--max-megapixels", "0.002", "--queue", "2", "--batch", "1")
    with started(project, *words) as (process, port, _):
        assert asked(port, "POST", "/predict", encoded("PNG"))[0] == 413
        assert asked(port, "POST", "/predict", encoded("PNG", (1, 2001)))[0] == 413
        assert asked(port, "POST", "/predict", encoded("PNG", (8, 8)))[0] == 200
        ends_with_what_is_in_flight(process, port, signal.SIGINT, encoded("PNG", (8, 8)))


@pytest.mark.slow
def test_a_model_of_mlflow_is_served(project: Path, tmp_path: Path) -> None:
    from tests.mlflow_store import client_of, give_store  # MLflow: only where it is needed

    client, uri = client_of(give_store(tmp_path)), local_store(tmp_path)
    experiment = client.create_experiment("e", artifact_location=(tmp_path / "mlruns").as_uri())
    run_id = client.create_run(experiment).info.run_id
    client.log_artifacts(run_id, str(project / "models/ssd_fpn"), "model")
    client.create_registered_model("ladder")
    client.create_model_version("ladder", f"{client.get_run(run_id).info.artifact_uri}/model")
    client.set_registered_model_alias("ladder", "champion", "1")
    model = "models:/ladder@champion"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        served = serve.load(model, serve.GivenScores.parse(["0.4"]), 2)
    assert (served.source, served.detector.classes) == (model, CLASSES)
    assert (
        served.digest
        == serve.load(str(project / "models/ssd_fpn"), serve.GivenScores.parse([]), 2).digest
    )


def test_a_port_in_use_is_told_before_a_model_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("--port", str(port), "--model", "no/such/model") == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: --port: {port} on 127.0.0.1 cannot be used (Address already")
    assert shown.count("\n") == 1


def test_a_model_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # which has none to name
    assert run("--port", "0", "--model", "no/such/model") == 1
    shown = capsys.readouterr().err
    assert shown == "error: no/such/model/model.json: no model there; train it first\n"


@pytest.mark.parametrize("rung", ["bbox", "classifier"])
def test_a_rung_that_tells_half(rung: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = saved(tmp_path / rung, rung)
    with pytest.raises(InputError, match=f"^{rung}: does not predict both classes and boxes; ta"):
        serve.load(str(folder), serve.GivenScores.parse([]), 1)


def test_packages_that_are_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_NEEDED", {"a-web": "no_such_module", "json": "json"})
    with pytest.raises(InputError, match=r"^ladder serve needs a-web; install them: pip"):
        serve.main([])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--port", "65536"], "--port: must be from 0 to 65535"),
        (["--batch", "0"], "--batch: must be 1 or more"),
        (["--max-mb", "0"], "--max-mb: must be 0.001 or more"),
        (["--max-megapixels", "101"], "--max-megapixels: must be from 0.001 to 100"),
        (["--score", "1"], "--score must be from 0 to below 1"),
    ],
)
def test_options_out_of_range(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    assert reason in capsys.readouterr().err
