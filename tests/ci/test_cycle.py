"""Retraining as CI does it, with real git, DVC and an MLflow server: what passes, what does not.

The tests tell one story in the order of the file: each goes on where the one before has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from mlflow import MlflowClient

from commands.ci import verify
from pipeline.cycle.dvc_remote import write_probe
from pipeline.cycle.stale import stale_stages
from pipeline.tracking.mlflow_store import EXPERIMENT
from tests.ci.making import (
    RUNG,
    Clone,
    clone,
    make_origin,
    with_shuffled_classes,
    without_a_val_label,
)
from tests.mlflow_server import mlflow_server
from tests.tiny_ladder import stages_in
from tests.warm_python import warm_python

pytestmark = pytest.mark.slow

NOWHERE = """['remote "storage"']
    url = http://127.0.0.1:9/nothing-listens-here
"""
S3 = """['remote "storage"']
    url = s3://photos-and-models/ladder
    endpointurl = {address}
"""
# Run by git when CI has committed its result: then somebody else pushes, once.
PUSH_MEANWHILE = """#!/bin/sh
rm "$0"
unset GIT_DIR GIT_INDEX_FILE GIT_PREFIX
exec git -C '{folder}' push --quiet origin HEAD:main
"""


@dataclass
class Team:
    """CI's clone, a person's, and where they meet.

    Attributes:
        origin: the bare repository.
        ci: where CI retrains.
        person: where somebody changes things.
        client: of the MLflow server.
        first: what the first retraining printed.
    """

    origin: Path
    ci: Clone
    person: Clone
    client: MlflowClient
    first: str

    def champion(self) -> str:
        """Return which version is the champion."""
        return str(self.client.get_model_version_by_alias(RUNG, "champion").version)

    def runs(self) -> int:
        """Return how many runs the server has."""
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        return len(self.client.search_runs([experiment.experiment_id]))

    def pushed(self) -> str:
        """Return the commit at the top of the branch."""
        return self.person.git("ls-remote", "origin", "main").split()[0]


def comment_of(where: Clone) -> str:
    """Return what CI tells people."""
    return (where.folder / "retrain.md").read_text()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Photos were pushed, and CI has trained on them once."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "mlflow").mkdir()
    with mlflow_server(folder / "mlflow") as server, warm_python(folder) as python:
        origin = make_origin(folder, str(folder / "remote"))
        settings = {"BRANCH": "main", "PROMOTE": "yes", "MLFLOW_TRACKING_URI": server.uri}
        ci = clone(origin, folder / "ci", python, **settings)
        person = clone(origin, folder / "person", python, MLFLOW_TRACKING_URI=server.uri)
        first = ci.run(".ci/retrain")
        yield Team(origin, ci, person, MlflowClient(server.uri), first)


def test_the_first_run_is_quiet_and_makes_a_champion(team: Team) -> None:
    assert "ERROR" not in team.first and "md5" not in team.first
    assert stages_in(team.first)[0] == "fetch" and stages_in(team.first)[-1] == "track"
    assert team.champion() == "1"
    comment = comment_of(team.ci)
    assert comment.startswith("## Retrained\n")
    assert "version 1 passed, as there was no champion" in comment
    assert "earlier result: there was none" in comment and "## The ladder, val" in comment
    assert "Retrain: new dvc.lock" in team.ci.git("log", "-1", "--format=%s", team.pushed())


def test_a_second_machine_pulls_all_and_has_nothing_to_do(team: Team) -> None:
    team.person.git("pull", "--quiet")
    printed = team.person.ladder("verify", "--base", "HEAD~1")
    assert "WRONG" not in printed and "the DVC remote has all" in printed
    with team.person.repo() as repo:
        repo.pull()
    printed = team.person.dvc("repro")
    assert stages_in(printed) == ["track"] and "known" in printed
    assert team.runs() == 1


def test_a_remote_out_of_reach_is_told_before_training_and_loses_nothing(team: Team) -> None:
    team.person.set(f"train.{RUNG}.head.epochs", 9)
    team.person.push("One epoch more")
    before = team.pushed()
    printed = team.ci.run(".ci/retrain", code=1, DVC_CONFIG_LOCAL=NOWHERE)
    told, trained = printed.split("Running stage", 1)
    assert "warning: the DVC remote is out of reach (Cannot connect to host 127.0.0.1:9" in told
    own = [f"{stage}@{RUNG}" for stage in ("train", "predict", "evaluate")]
    assert stages_in(printed) == [*own, "report", "track"]  # neither fetch, tables nor pixels
    assert "error: not pushed by DVC: " in trained and "kept as the branch retrain/main" in trained
    assert comment_of(team.ci).startswith("## Not pushed by DVC: ")
    assert team.pushed() == before and team.champion() == "1"
    (team.ci.folder / ".dvc/config.local").unlink()  # from now on it answers again


def test_of_two_results_at_once_both_are_kept(team: Team) -> None:
    person, ci = team.person, team.ci
    person.set("report.grid_photos", 3)
    person.dvc("repro", "--single-item", "report")  # from the results of before the longer training
    with person.repo() as repo:
        repo.push()
    person.git("commit", "--quiet", "--all", "--message", "Fewer photos in the pictures")
    hook = ci.folder / ".git/hooks/post-commit"
    hook.write_text(PUSH_MEANWHILE.format(folder=person.folder))
    hook.chmod(0o755)

    printed = ci.run(".ci/retrain")
    first, second = printed.split("another result of the same stages was pushed meanwhile")
    assert stages_in(first) == ["track"]  # it was trained while the remote was away
    assert f"made before, not again: train@{RUNG}, predict@{RUNG}, evaluate@{RUNG}" in second
    assert stages_in(second) == ["report", "track"]
    assert team.champion() == "2"
    person.git("pull", "--quiet", "--ff-only")
    last, meanwhile = person.git("log", "-2", "--format=%s").splitlines()
    assert last.startswith("Retrain: ") and meanwhile == "Fewer photos in the pictures"
    assert "dvc.lock has the results of this data" in person.ladder("verify")
    assert person.git("ls-remote", "origin", "retrain/main") == ""


def test_without_photos_and_remote_nothing_begins(team: Team, tmp_path: Path) -> None:
    bare = clone(team.origin, tmp_path / "bare")
    printed = bare.run(".ci/retrain", code=1, DVC_CONFIG_LOCAL=NOWHERE)
    assert stages_in(printed) == []
    assert "error: photos/set: not here, and the DVC remote is out of reach" in printed


def test_a_remote_in_s3(team: Team, tmp_path: Path, monkeypatch, capsys) -> None:
    pytest.importorskip("dvc_s3")
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    here = clone(team.origin, tmp_path / "here")
    try:
        urlopen(Request(f"{address}/photos-and-models", method="PUT")).close()
        for one in (here, team.ci):
            (one.folder / ".dvc/config.local").write_text(S3.format(address=address))
        monkeypatch.chdir(here.folder)
        write_probe()  # which exits where it cannot write
        assert verify.main([]) == 1
        assert "WRONG not in the DVC remote: photos/set" in capsys.readouterr().out
        with team.ci.repo() as repo:
            repo.push()
        assert verify.main([]) == 0
        assert "the DVC remote has all that this commit names" in capsys.readouterr().out
        with here.repo() as repo:
            repo.pull()
        assert stale_stages() == []
    finally:
        server.stop()
        (team.ci.folder / ".dvc/config.local").unlink(missing_ok=True)


def test_shuffled_labels_are_refused_and_the_champion_stays(team: Team) -> None:
    labels = without_a_val_label(with_shuffled_classes(team.person.read_labels()))
    team.person.git("pull", "--quiet")
    team.person.push_labels(labels, "Labels from a new source")
    before, runs = team.pushed(), team.runs()
    printed = team.ci.run(".ci/retrain", code=3)
    assert stages_in(printed)[0] == "fetch"
    assert f"refused: {RUNG}; champions and branch stay as they were" in printed
    assert "Photos or labels of val changed" in printed
    assert team.champion() == "2" and team.pushed() == before
    assert team.runs() == runs + 1
    team.person.git("fetch", "--quiet", "origin", "retrain/main")
    refused = team.person.git("diff", "--stat", "HEAD", "FETCH_HEAD")
    assert "dvc.lock" in refused and f"metrics/{RUNG}.json" in refused
    assert "refused" in team.client.get_model_version(RUNG, "3").tags["decision"]
    comment = comment_of(team.ci)
    assert comment.startswith(f"## Refused: {RUNG}\n")
    assert "| accuracy |" in comment and "worse than the champion" in comment
