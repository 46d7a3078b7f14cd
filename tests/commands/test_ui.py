"""`ladder ui`, up to the moment at which MLflow takes over."""

import os
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest
from PIL import Image

from commands import ui
from pipeline.errors import InputError
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.mlflow_store import EXPERIMENT
from pipeline.tracking.pages.links import comparison
from pipeline.tracking.sqlite_store import find_experiment, local_store
from pipeline.tracking.stores.choice import track_results
from tests.browser import chromium
from tests.conftest import ROOT
from tests.mlflow_store import give_store

_CHAT = "Ask questions about your experiments"  # what MLflow's chat panel says when it is open


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("DVC_ROOT", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_runs_it_says_what_makes_them(project):
    with pytest.raises(InputError, match=r"mlflow\.db: no runs of the ladder yet; `make repro`"):
        ui.main([])


def test_a_damaged_store_is_told(project):
    (project / "mlflow.db").write_text("damaged")
    with pytest.raises(InputError, match=r"mlflow\.db: damaged; move mlflow\.db aside"):
        ui.main([])


def test_a_server_needs_only_its_address(project, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@example.com")
    assert ui.main([]) == 0
    out = capsys.readouterr().out
    assert "open https://example.com\n" in out and "secret" not in out


def test_starts_lean_and_links_to_the_comparison(project, monkeypatch, capsys):
    track_results([Result("bbox", "f" * 64)], give_store(project))
    started = []
    monkeypatch.setattr("os.execve", lambda *arguments: started.append(arguments))
    ui.main([])
    ((program, command, environment),) = started
    assert program == command[0] and "uvicorn" in command and "--workers" not in command
    assert environment["_MLFLOW_SERVER_FILE_STORE"] == local_store(project)
    assert local_store(project) not in command  # where every user could read a password
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    port = command[command.index("--port") + 1]
    experiment = find_experiment(local_store(project), EXPERIMENT)
    assert environment["LADDER_UI_OPENS"] == comparison(experiment)
    assert f"http://127.0.0.1:{port}/ladder\n" in capsys.readouterr().out


def test_link_for_all_addresses():
    assert ui.link("0.0.0.0", 5000) == "http://127.0.0.1:5000/ladder"
    assert ui.link("::", 5000) == "http://[::1]:5000/ladder"
    assert ui.link("fe80::2", 5000) == "http://[fe80::2]:5000/ladder"
    assert ui.link("example.com", 80) == "http://example.com:80/ladder"


@pytest.mark.slow
def test_the_browser_opens_on_headlines_curves_and_pictures(project, tmp_path_factory):
    picture = project / "val_grid.png"
    Image.new("RGB", (40, 30), "teal").save(picture)
    epochs = [{"epoch": n, "lr": 0.1, "val": {"voc_map_50": n / 10}} for n in (1, 2, 3)]
    common = {"pictures": [picture], "history": epochs, "params": {f"p{n}": n for n in range(44)}}
    results = [
        Result(rung, rung * 9, metrics={"val/voc_map_50": score}, **common)
        for rung, score in (("ssd_189", 0.25), ("ssd_fpn", 0.5))
    ]
    logged = track_results(results, give_store(project))
    port = str(ui.free_port("127.0.0.1", None))
    words = [sys.executable, "-m", "commands.main", "ui", "--port", port]
    with (project / "ui.log").open("wb") as log:
        served = subprocess.Popen(
            words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/health")
        with chromium(tmp_path_factory.mktemp("browser") / "profile") as page:
            page.open(f"http://127.0.0.1:{port}/ladder", 1500, 2500)
            page.until("document.body?.innerText.includes('Headline metrics')")
            page.until("document.body?.innerText.includes('Predictions')")
            shown = "one.src.includes('val_grid') && one.naturalWidth > 0"
            page.until(f"[...document.images].some(one => {shown})")
            words = page.value("document.body.innerText")
            assert "ssd_fpn" in words and "val/voc_map_50" in words
            assert _CHAT not in words and "p17" not in words
            page.value(f"location.hash = '#/experiments/1/runs/{logged[0].run_id}'")
            page.until("document.body?.innerText.includes('Model metrics')")
            assert _CHAT not in page.value("document.body.innerText")
    finally:
        served.terminate()
        served.wait(60)


def _until_it_answers(address: str) -> None:
    end = time.monotonic() + 300
    while True:
        try:
            urlopen(address, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("port", ["-1", "0", "65536"])
def test_a_port_outside_its_range_is_refused(capsys, port):
    with pytest.raises(SystemExit, match="2"):
        ui.main(["--port", port])
    assert "--port: must be from 1 to 65535" in capsys.readouterr().err


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port: {port} on 127.0.0.1 cannot be used"):
            ui.free_port("127.0.0.1", port)
    assert ui.free_port("127.0.0.1", port) == port


@pytest.mark.parametrize("host", ["no.invalid", "127.0..1", "192.0.2.1"])  # the last: RFC 5737
def test_a_host_that_is_not_of_this_machine(host):
    with pytest.raises(InputError, match=f"--host: {host} is not an address of this machine; name"):
        ui.free_port(host, None)


@pytest.fixture
def ipv6():
    """A server on the loopback address of IPv6."""
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        yield server


def test_a_port_in_use_on_ipv6(ipv6):
    port = ipv6.getsockname()[1]
    with pytest.raises(InputError, match=f"--port: {port} on ::1 cannot be used"):
        ui.free_port("::1", port)
    ipv6.close()
    assert ui.free_port("::1", port) == port


def test_a_port_must_be_free_on_every_address_of_a_name(ipv6, monkeypatch):
    found = [(socket.AF_INET, 0, 0, "", ("127.0.0.1", 0)), (socket.AF_INET6, 0, 0, "", ("::1", 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments, **options: found)
    with pytest.raises(InputError, match="on localhost cannot be used"):
        ui.free_port("localhost", ipv6.getsockname()[1])


def test_the_next_port_when_the_first_is_in_use(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ui, "_PORTS", range(port, port + 20))
        assert port < ui.free_port("127.0.0.1", None) < port + 20
