"""What .ci/platform makes of what GitHub, GitLab and a laptop say of a job."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

TOLD = 'echo "$BASE|$BRANCH|$PROMOTE|${GIT_COMMITTER_NAME:-}"'
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "main", "DEFAULT_BRANCH": "main"}
GITLAB = {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_SERVER_HOST": "gitlab.example"}
GITLAB |= {"CI_SERVER_PORT": "443", "CI_PROJECT_PATH": "group/ladder", "CI_PROJECT_ID": "7"}


class Notes(BaseHTTPRequestHandler):
    """Takes notes on merge requests, as GitLab does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.taken.append((self.path, self.headers["PRIVATE-TOKEN"], parse_qs(body)))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gitlab() -> Iterator[ThreadingHTTPServer]:
    """A server on loopback; `taken` has what it was sent."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    server.taken = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield server
    server.shutdown()
    server.server_close()


def test_jobs_run_scripts_that_are_there() -> None:
    files = [ROOT / ".gitlab-ci.yml", *(ROOT / ".github/workflows").glob("*.yml")]
    named = {name for file in files for name in re.findall(r"\.ci/\w+$", file.read_text(), re.M)}
    assert named == {".ci/verify", ".ci/retrain"}
    for file in files:
        YAML(typ="safe").load(file.read_text())
    for name in named:
        assert os.access(ROOT / name, os.X_OK)


def test_a_push_to_main_is_compared_with_what_it_replaced() -> None:
    """Without it dvc.lock counts as unchanged, and a half-made one is no fault."""
    workflow = YAML(typ="safe").load((ROOT / ".github/workflows/verify.yml").read_text())
    (step,) = [one for one in workflow["jobs"]["verify"]["steps"] if one.get("run") == ".ci/verify"]
    before = "${{ github.event_name == 'push' && github.event.before || '' }}"
    assert step["env"]["BASE"] == before and "push" in workflow["on"]


def sourced(folder: Path, script: str, **environment: str) -> str:
    """Return what a script prints that has sourced .ci/platform in a folder."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    words = ["bash", "-euo", "pipefail", "-c", f". '{ROOT}/.ci/platform'; {script}"]
    done = subprocess.run(
        words, cwd=folder, env=known | environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "|||"),
        ({"BRANCH": "main", "PROMOTE": "yes"}, "|main|yes|"),
        (GITHUB | {"BASE": "0af3"}, "0af3|main|yes|github-actions[bot]"),
        (GITHUB | {"GITHUB_REF_NAME": "longer"}, "|longer||github-actions[bot]"),
        (
            GITHUB | {"GITHUB_REF_NAME": "7/merge", "GITHUB_BASE_REF": "main"},
            "origin/main|7/merge||github-actions[bot]",
        ),
        (  # a request: the workflow passes an empty BASE
            GITHUB | {"BASE": "", "GITHUB_REF_NAME": "7/merge", "GITHUB_BASE_REF": "main"},
            "origin/main|7/merge||github-actions[bot]",
        ),
        (
            GITLAB | {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": "0af3"},
            "0af3|main|yes|retrain",
        ),
        (GITLAB | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "0af3"}, "0af3|||retrain"),
    ],
)
def test_what_a_job_is_for(tmp_path: Path, environment: dict[str, str], told: str) -> None:
    assert sourced(tmp_path, TOLD, **environment) == told


def test_the_summary_of_github(tmp_path: Path) -> None:
    (tmp_path / "retrain.md").write_text("## Retrained\n")
    summary = tmp_path / "summary.md"
    sourced(tmp_path, "publish retrain.md", GITHUB_STEP_SUMMARY=str(summary), **GITHUB)
    assert summary.read_text() == "## Retrained\n"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_note_on_a_merge_request_of_gitlab(tmp_path: Path, gitlab: ThreadingHTTPServer) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    address = "http://127.0.0.1:1/group/ladder.git"
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", address], check=True)
    (tmp_path / "retrain.md").write_text("## Refused: ssd & more\n")
    job = GITLAB | {"RETRAIN_TOKEN": "secret", "CI_OPEN_MERGE_REQUESTS": "group/ladder!12,x!3"}
    job |= {"CI_API_V4_URL": f"http://127.0.0.1:{gitlab.server_port}/api/v4"}
    assert sourced(tmp_path, "publish retrain.md", **job) == "## Refused: ssd & more"
    (taken,) = gitlab.taken
    path, token, body = taken
    assert path == "/api/v4/projects/7/merge_requests/12/notes" and token == "secret"
    assert body == {"body": ["## Refused: ssd & more\n"]}
    gitlab.taken.clear()
    sourced(tmp_path, "publish retrain.md", **job | {"CI_OPEN_MERGE_REQUESTS": ""})
    assert gitlab.taken == []


def test_credentials_of_the_remote_are_for_nobody_else(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    sourced(tmp_path, ":", DVC_CONFIG_LOCAL="['remote \"storage\"']\n    password = x")
    written = tmp_path / ".dvc/config.local"
    assert written.read_text() == "['remote \"storage\"']\n    password = x\n"
    assert written.stat().st_mode & 0o077 == 0
