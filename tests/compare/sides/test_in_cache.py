"""Results of commits, experiments and runs, from a lock file and a cache, without a checkout."""

import shutil

import pytest

from pipeline.compare.sides.in_cache import find_commit, result_of_commit, result_of_run
from pipeline.compare.sides.rung_result import read_rung
from pipeline.errors import InputError
from pipeline.tracking.named_runs import NamedRun
from tests.compare.making import pets, told, write_result
from tests.compare.sides.making_commits import commit_result, git

OBJECTS = pets(3)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Work in a repository of two commits with results that are only in the cache."""
    folder, cache = tmp_path / "project", tmp_path / "cache"
    for seed, missed in ((1, []), (2, [0])):
        write_result(folder, OBJECTS, {"ssd": told(OBJECTS, missed)})
        params = {"train.shared": {"seed": seed}}
        commit_result(folder, cache, ["ssd"], params, f"Seed {seed}")
    shutil.rmtree(folder / "data")
    shutil.rmtree(folder / "predictions")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("pipeline.compare.sides.in_cache.cache_folder", lambda root: cache)
    return folder


def test_a_commit_is_a_revision_or_an_experiment(project):
    head = git(project, "rev-parse", "HEAD")
    assert find_commit("HEAD") == find_commit(head[:7]) == head
    assert find_commit("longer") == ""
    git(project, "update-ref", "refs/exps/ab/cdef/longer", "HEAD~")
    assert find_commit("longer") == git(project, "rev-parse", "HEAD~")
    git(project, "update-ref", "refs/exps/12/3456/longer", "HEAD")
    with pytest.raises(InputError, match=f"longer: 2 experiments have this name; .*{head[:7]}"):
        find_commit("longer")


def test_each_commit_has_its_own_result(project, tmp_path):
    first, last = (
        result_of_commit(name, find_commit(name), tmp_path) for name in ("HEAD~", "HEAD")
    )
    assert first.about == f"commit {find_commit('HEAD~')[:7]} (Seed 1)"
    assert first.rungs["ssd"].params == {"train.seed": "1"}
    found = [read_rung(one, "ssd", "val") for one in (first, last)]
    assert [len(one.truth) for one in found] == [3, 3]
    tables = [one.predictions.table for one in found]
    assert tables[0].num_rows == tables[1].num_rows and not tables[0].equals(tables[1])


@pytest.mark.parametrize("subject", [f"dvc: commit experiment {'0' * 64}", ""])
def test_a_subject_that_tells_nothing_is_left_out(project, tmp_path, subject):
    git(project, "commit", "--quiet", "--amend", "--allow-empty-message", "--message", subject)
    head = find_commit("HEAD")
    assert result_of_commit("longer", head, tmp_path).about == f"commit {head[:7]}"


def test_a_commit_without_results_says_so(project, tmp_path):
    (project / "dvc.lock").write_text("schema: '2.0'\n")
    git(project, "commit", "--quiet", "--all", "--message", "Nothing")
    with pytest.raises(InputError, match=r"dvc\.lock of HEAD: no finished rung in it"):
        result_of_commit("HEAD", find_commit("HEAD"), tmp_path)
    git(project, "rm", "--quiet", "dvc.lock")
    git(project, "commit", "--quiet", "--message", "No lock")
    with pytest.raises(InputError, match=r"dvc\.lock of HEAD: no finished rung in it"):
        result_of_commit("HEAD", find_commit("HEAD"), tmp_path)


def test_what_the_cache_has_lost_is_named_with_the_way_to_get_it(project, tmp_path):
    result = result_of_commit("HEAD", find_commit("HEAD"), tmp_path)
    result.rungs["ssd"].predictions.unlink()
    with pytest.raises(InputError) as error:
        read_rung(result, "ssd", "val")
    assert "predictions of ssd of HEAD: " in str(error.value)
    fetch = "`dvc fetch --all-commits predictions/ssd.parquet data/tables` brings it"
    assert fetch in str(error.value)


def test_a_run_is_found_by_its_digests(project, tmp_path):
    deps = result_of_commit("HEAD", find_commit("HEAD"), tmp_path).rungs["ssd"].deps
    run = NamedRun("0123456789abcdef", "ssd seed=2", "ssd", {"train.seed": "2"}, deps)
    result = result_of_run("01234", run, tmp_path)
    assert result.about == "run 01234567 (ssd seed=2)"
    assert len(read_rung(result, "ssd", "val").truth) == 3
    without = NamedRun("0123456789abcdef", "ssd seed=2", "ssd", {}, {})
    with pytest.raises(InputError, match="its md5 is unknown; name the commit"):
        result_of_run("01234", without, tmp_path)
