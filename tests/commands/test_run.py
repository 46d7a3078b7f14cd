"""`ladder run`, with real git and DVC on a project of one stage."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dvc.repo import Repo
from pydantic import JsonValue

from commands import run
from commands.run import committed_params, wanted_params
from pipeline.errors import InputError
from pipeline.params.params import check_params
from pipeline.processes import is_running
from pipeline.repair.params_guard import BACKUP
from pipeline.yaml_file import flatten, parse_yaml, with_values
from tests.commands.one_stage import dvc, git, write_stage
from tests.conftest import ROOT

pytestmark = pytest.mark.slow  # DVC runs in each


def reproduce() -> None:
    """Do what `dvc repro` does, in this process, as DVC takes longer to start."""
    with Repo() as repo:
        repo.reproduce()


def commit_run(project: Path) -> None:
    """Run all stages, and commit."""
    reproduce()
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Run")


def experiments() -> set[str]:
    """Return the names of the experiments that DVC lists."""
    with Repo() as repo:
        return {name for found in repo.experiments.ls().values() for name, _ in found}


def out_of_date() -> list[str]:
    """Return the stages that DVC would run."""
    with Repo() as repo:
        return list(repo.status())


def flatten_yaml(text: str) -> dict[str, JsonValue]:
    content = parse_yaml(text, "text")
    assert isinstance(content, dict)
    return flatten(content)


def differing(path: str = "params.yaml") -> dict[str, JsonValue]:
    """Return the values of a file of parameters that are not as committed."""
    values, committed = flatten_yaml(Path(path).read_text()), committed_params()
    return {key: value for key, value in values.items() if committed[key] != value}


def test_one_parameter_is_run_kept_and_saved_as_an_experiment(project, capfd):
    assert run.main(["-S", "train.bbox.late.epochs=40", "--name", "longer"]) == 0
    assert "train.bbox.late.epochs: 8 -> 40\n" in capfd.readouterr().out
    assert differing() == differing("seen.yaml") == {"train.bbox.late.epochs": 40}
    assert experiments() == {"longer"}
    changed = git(project, "diff", "--stat", "HEAD", "--", "params.yaml")
    assert "1 insertion(+), 1 deletion(-)" in changed  # comments and layout stay
    assert git(project, "symbolic-ref", "HEAD").startswith("refs/heads/")


def test_a_profile_takes_back_what_an_earlier_one_has_set(project, capfd):
    """What is given is listed, what the profile has is counted."""
    assert run.main(["two"]) == 0
    assert "profiles/two.yaml: 4 parameters; --dry lists them\n" in capfd.readouterr().out
    of_one = {"fetch.demo.photos": 30, "train.bbox.late.epochs": 3}
    of_two = {"train.bbox.late.lr": 0.5, "train.bbox.dropout": 0.1}
    assert differing("seen.yaml") == of_one | of_two
    assert run.main(["one", "-S", "train.bbox.late.epochs=7"]) == 0
    out = capfd.readouterr().out
    assert "train.bbox.late.epochs: 3 -> 7\nprofiles/one.yaml: 2 parameters" in out
    assert "late.lr" not in out
    assert differing("seen.yaml") == of_one | {"train.bbox.late.epochs": 7}


def test_the_line_that_leads_back_does(project, capfd):
    (project / "metrics").mkdir()
    (project / "metrics" / "x.json").write_text("{}")
    commit_run(project)
    assert run.main(["one"]) == 0
    back = capfd.readouterr().out.splitlines()[-1]
    subprocess.run(back.partition("&&")[0], shell=True, check=True)
    assert differing() == {}
    assert git(project, "status", "--porcelain") == ""


def test_photos_of_a_folder_with_a_name_that_yaml_would_quote(project):
    folder = Path("it's mine: all of it")
    wanted = wanted_params("one", folder, [], committed_params())
    text = with_values(Path("params.yaml").read_text(), wanted)
    params = check_params(parse_yaml(text, "new"), "new")
    assert (params.fetch.source, params.fetch.path) == ("local", folder)
    assert wanted_params("one", None, [], flatten_yaml(text))["fetch.path"] == "photos"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-S", "train.bbox.late.epochs=two"], "of this run: train.bbox.late.epochs = 'two'"),
        (["-S", "train.bbox.lat.epochs=2"], "lat.epochs; did you mean train.bbox.late.epochs?"),
        (["--only", "se"], "se: no such stage; there is see"),
        (["-S", "train.bbox.late.epochs"], "write KEY=VALUE"),
        (["-S", "train.bbox.late=[1"], "not valid YAML"),
        (["one", "--photos", "absent"], "absent: no such folder; name one that holds photos"),
    ],
)
def test_bad_input_is_refused_before_any_work(project, monkeypatch, arguments, message):
    monkeypatch.setattr(run, "_dvc", lambda *words, **environment: pytest.fail("DVC was started"))
    before = Path("params.yaml").read_bytes()
    with pytest.raises(InputError) as error:
        run.main(arguments)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert Path("params.yaml").read_bytes() == before


def test_a_bad_key_of_a_profile_is_named(project):
    Path("profiles/one.yaml").write_text("train: {bbox: {x: 4}}\n")
    with pytest.raises(InputError, match=r"profiles/one\.yaml: unknown parameter train\.bbox\.x"):
        run.main(["two"])


def test_what_is_wrong_in_the_file_itself_is_named(project):
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"params\.yaml: not valid YAML"):
        run.main(["one"])
    Path("params.yaml").write_text(text.replace("photos: 500", "photos: abc"))
    with pytest.raises(InputError, match=r"params\.yaml: fetch\.demo\.photos = 'abc'"):
        run.main([])
    Path("params.yaml").write_text("fetch: {path: photos}")
    with pytest.raises(InputError, match=r"params\.yaml: missing parameter fetch\.demo\.photos"):
        run.main(["one"])


def test_an_unknown_profile_lists_those_there_are(project, capsys):
    with pytest.raises(SystemExit) as end:
        run.main(["three"])
    assert end.value.code == 2
    assert "no such profile: three; there are one, two" in capsys.readouterr().err


def test_a_failed_run_leaves_params_as_they_were(project, capfd):
    """The new file is as long as the old one and of the same second: git itself sees no change."""
    write_stage(project, "false")
    before = Path("params.yaml").read_bytes()
    assert run.main(["-S", "fetch.demo.photos=700"]) not in (0, 130)
    assert Path("params.yaml").read_bytes() == before
    out = capfd.readouterr().out
    assert "are kept: correct what is wrong, and the same command continues" in out
    assert not BACKUP.exists()
    assert experiments() == set()


def test_a_dry_run_keeps_nothing(project, capfd):
    assert run.main(["one", "--dry"]) == 0
    out = capfd.readouterr().out
    assert "Running stage 'see'" in out and "train.bbox.late.epochs: 8 -> 3\n" in out
    assert differing() == {} and not Path("seen.yaml").exists()


def test_stages_that_were_not_run_stay_out_of_date(project):
    """`dvc exp save` by itself records all outputs as made with the parameters of now."""
    rate, epochs = "train.bbox.late.lr", "train.bbox.late.epochs"
    stages = {
        "first": {"cmd": "cp params.yaml first", "params": [rate], "outs": ["first"]},
        "second": {"cmd": "cp params.yaml second", "params": [epochs], "outs": ["second"]},
    }
    Path("dvc.yaml").write_text(json.dumps({"stages": stages}))
    commit_run(project)
    sets = ["-S", f"{rate}=0.5", "-S", f"{epochs}=40"]
    assert run.main([*sets, "--only", "first", "--name", "part"]) == 0
    assert differing("first") == {rate: 0.5, epochs: 40} and differing("second") == {}
    assert out_of_date() == ["second"]

    (ref,) = git(project, "for-each-ref", "--format=%(refname)", "refs/exps/*/*/part").split()
    shown = git(project, "show", f"{ref}:dvc.lock")
    assert shown == Path("dvc.lock").read_text() and f"{epochs}: 8" in shown
    assert "part" in dvc(project, "exp", "show", "--csv")
    git(project, "reset", "--quiet", "--hard")
    with Repo() as repo:
        repo.experiments.apply("part")
    assert out_of_date() == ["second"]
    assert run.main(["--name", "whole"]) == 0
    assert differing("second") == {rate: 0.5, epochs: 40}
    assert out_of_date() == []


@pytest.mark.parametrize("name", ["a b", "taken"])
def test_a_name_that_dvc_would_refuse_is_refused_before_any_work(project, name):
    head = git(project, "rev-parse", "HEAD").strip()
    git(project, "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/taken", head)
    with pytest.raises(InputError, match=r"^--name: "):
        run.main(["-S", "train.bbox.late.epochs=40", "--name", name])
    assert not Path("seen.yaml").exists() and differing() == {}


def test_only_one_stage_and_what_it_needs_are_run(project, capfd):
    first, other = {"cmd": "touch first", "outs": ["first"]}, {"cmd": "touch other"}
    second = {"cmd": "cp first second", "deps": ["first"], "outs": ["second"]}
    stages = {"first": first, "second": second, "other": other}
    Path("dvc.yaml").write_text(json.dumps({"stages": stages}))
    assert run.main(["--only", "second"]) == 0
    assert Path("first").exists() and Path("second").exists() and not Path("other").exists()


def test_a_part_of_a_project_whose_rest_is_not_here_is_an_experiment(project, capfd):
    stages = {
        "one": {"cmd": "echo one > one", "outs": ["one"], "params": ["fetch"]},
        "folder": {"cmd": "mkdir -p folder/of; touch folder/of/a", "outs": ["folder"]},
    }
    Path("dvc.yaml").write_text(json.dumps({"stages": stages, "plots": ["folder/of"]}))
    commit_run(project)
    shutil.rmtree(".dvc/cache")  # as in a fresh clone
    shutil.rmtree("folder")
    assert run.main(["-S", "fetch.seed=7", "--only", "one", "--name", "part"]) == 0
    assert "ERROR" not in capfd.readouterr().err
    assert differing() == {"fetch.seed": 7} and "folder:" in Path("dvc.lock").read_text()
    assert experiments() == {"part"}


@pytest.mark.parametrize(
    ("number", "alone", "code"),
    [
        (signal.SIGINT, False, 130),  # a terminal sends it to all that run in it
        (signal.SIGINT, True, 130),  # which DVC does not hear of
        (signal.SIGTERM, False, 143),  # as systemd does
        (signal.SIGTERM, True, 143),
        (signal.SIGKILL, True, -9),
    ],
)
def test_a_stopped_run_leaves_params_as_they_were_and_no_process(project, number, alone, code):
    """The import of `stages` ties the stage to DVC, and `exec`, as it does with each of ours."""
    of_stage = "import os, stages, time; print(1, os.getpid(), flush=True); time.sleep(600)"
    write_stage(project, f"exec {sys.executable} -c '{of_stage}'")
    before = Path("params.yaml").read_bytes()
    of_run = "import sys; from commands.main import main; main(['run', *sys.argv[1:]])"
    command = [sys.executable, "-c", of_run, "-S", "fetch.demo.photos=700"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SHELL": "/bin/sh"}
    started = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (line := started.stdout.readline()).startswith("1 "):
        pass
    stage = int(line.split()[1])
    assert b"photos: 700" in Path("params.yaml").read_bytes()
    (os.kill if alone else os.killpg)(started.pid, number)
    said = started.stdout.read()
    assert started.wait(timeout=60) == code
    if number != signal.SIGKILL:
        assert "params.yaml is as it was before" in said and "the same command continues" in said
        assert "correct what is wrong" not in said
    if alone and number != signal.SIGKILL:
        assert not is_running(stage)  # the run has waited for it
    deadline = time.monotonic() + 60
    while (BACKUP.exists() or is_running(stage)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert Path("params.yaml").read_bytes() == before
    assert not is_running(stage)


def test_a_second_run_is_told_of_the_first(project):
    """By DVC, in a line with the process, where the first was started as `dvc repro`."""
    code = "import time; print(1, flush=True); time.sleep(600)"
    write_stage(project, f"{sys.executable} -u -c '{code}'")
    words = [sys.executable, "-m", "dvc", "repro"]
    first = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
    while first.stdout.readline() != "1\n":
        pass
    second = subprocess.run(words, capture_output=True, text=True)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert second.returncode == 255 and "Traceback" not in second.stderr
    assert f"is busy, it is being blocked by:\n  (PID {first.pid})" in second.stderr


def test_a_run_after_a_loss_of_power_starts_from_what_was_there(project, capfd):
    """The parameters of before and the lock file are mended, and no stage runs again."""
    reproduce()
    BACKUP.parent.mkdir()
    shutil.copy("params.yaml", BACKUP)
    Path("params.yaml").write_text("half a li")
    shutil.copy("dvc.lock", ".ladder/dvc.lock")
    Path("dvc.lock").write_text(Path("dvc.lock").read_text()[:100])
    assert run.main([]) == 0
    out = capfd.readouterr().out
    assert "undid what a run that was cut off had set" in out and differing() == {}
    assert "; restored from what can be read" in out and "Running stage" not in out


def test_without_a_commit_there_is_nothing_to_lay_a_profile_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match=r"no git commit with params\.yaml here"):
        committed_params()


def test_what_no_profile_touches_stays_as_edited(project):
    edited = committed_params() | {"report.grid_photos": 3, "train.bbox.dropout": 0.9}
    wanted = edited | wanted_params("one", None, [], edited)
    assert (wanted["report.grid_photos"], wanted["train.bbox.dropout"]) == (3, 0.0)
