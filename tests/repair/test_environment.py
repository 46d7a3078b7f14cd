"""Python, packages, device and weights."""

from pathlib import Path

import pytest

from pipeline.repair import environment
from pipeline.repair.environment import locked_versions


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_locked_versions(tmp_path):
    path = tmp_path / "requirements.lock"
    assert locked_versions(path) == {}
    path.write_text("a==1.0 \\\n    --hash=sha256:x\nb==2 ; python_version < '3'\nb==3\n# c==4\n")
    assert locked_versions(path) == {"a": {"1.0"}, "b": {"2", "3"}}


def test_a_version_beside_the_lock_is_told_and_a_missing_package_is_a_fault(project, monkeypatch):
    (project / "requirements.lock").write_text("dvc==0.1\n")
    monkeypatch.setattr(environment, "_PACKAGES", ("dvc", "no-such-package"))
    python, dvc_line, absent = environment.packages_findings()
    assert python.what.startswith("python 3")
    assert "(requirements.lock has 0.1)" in dvc_line.what and not dvc_line.remedy
    assert absent.what == "no-such-package: not installed" and absent.remedy


def test_weights(monkeypatch):
    (finding,) = environment.weights_findings()
    assert not finding.remedy and "efficientnet-lite0" in finding.what
    monkeypatch.setattr(environment, "_WEIGHTS_START", "0")
    (finding,) = environment.weights_findings()
    assert finding.what.endswith("damaged") and finding.remedy
    monkeypatch.setattr(environment, "_WEIGHTS", ("no_such_package", "x"))
    (finding,) = environment.weights_findings()
    assert finding.what.endswith("not there") and finding.remedy


def test_device_names_one():
    (finding,) = environment.device_findings()
    assert finding.what.startswith("device ") and not finding.remedy


def test_one_thread_is_told_as_one(monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    (finding,) = environment.device_findings()
    assert finding.what == "device cpu, 1 thread"
