"""What is read from git."""

from pathlib import Path

import pytest

from pipeline.tracking.git_state import committed_lines, git_tags, is_committed, run_git


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder outside git."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("a: 1\n")
    return tmp_path


def test_git_tags_outside_git_and_inside(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.com")
    assert git_tags() == {}
    run_git("init", "--quiet")
    assert git_tags() == {}
    run_git("add", "params.yaml")
    run_git("commit", "--quiet", "--message", "first")
    commit = run_git("rev-parse", "HEAD")
    (project / "params.yaml").write_text("changed by an experiment")
    (project / "metrics").mkdir()
    (project / "metrics" / "bbox.json").write_text("{}")
    assert git_tags() == {"mlflow.source.git.commit": commit, "git.dirty": "false"}
    (project / "new.py").write_text("")
    assert git_tags()["git.dirty"] == "true"


def test_whether_a_file_is_as_committed(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    assert not is_committed("params.yaml")
    run_git("init", "--quiet")
    assert not is_committed("params.yaml")
    run_git("add", ".")
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    run_git(*who, "commit", "--quiet", "--message", "first")
    assert is_committed("params.yaml") and not is_committed("other.yaml")
    (project / "params.yaml").write_text("a: 2\n")
    assert not is_committed("params.yaml")


def test_lines_of_the_last_commit(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    assert committed_lines("processor", Path("metrics")) == []
    Path("metrics").mkdir()
    for name in ("a", "b"):
        Path(f"metrics/{name}.json").write_text(f'{{\n  "processor": "{name}"\n}}\n')
    Path("other.json").write_text('"processor"')
    run_git("init", "--quiet")
    run_git("add", ".")
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    run_git(*who, "commit", "--quiet", "--message", "first")
    Path("metrics/a.json").write_text('"processor": "not committed"')
    assert committed_lines('"processor"', Path("metrics")) == [
        '"processor": "a"',
        '"processor": "b"',
    ]
