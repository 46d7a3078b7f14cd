"""Where DVC's cache is."""

import subprocess
import sys

import pytest

from pipeline.errors import InputError
from pipeline.tracking.dvc_cache import cache_folder, file_digests, object_path


@pytest.mark.slow  # imports DVC
def test_the_cache_is_where_the_settings_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"\.dvc: .*run from the project's root folder"):
        cache_folder(tmp_path)
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], check=True)
    assert cache_folder(tmp_path) == tmp_path / ".dvc/cache/files/md5"
    subprocess.run([*dvc, "cache", "dir", "elsewhere", "--quiet"], check=True)
    assert cache_folder(tmp_path) == tmp_path / "elsewhere/files/md5"


def test_a_list_of_files_is_an_object_too(tmp_path):
    assert object_path(tmp_path, "0a1b.dir") == tmp_path / "0a" / "1b.dir"


def test_files_of_a_folder(tmp_path):
    listed = object_path(tmp_path, "0a1b.dir")
    listed.parent.mkdir()
    listed.write_text('[{"md5": "aa11", "relpath": "b/c.txt"}, {"md5": "bb22", "relpath": "d"}]')
    assert file_digests(tmp_path, "out", "0a1b.dir") == {"out/b/c.txt": "aa11", "out/d": "bb22"}
    assert file_digests(tmp_path, "one.txt", "cc33") == {"one.txt": "cc33"}


@pytest.mark.parametrize("text", [None, "{", "[1]", '[{"md5": "aa11"}]'])
def test_a_list_that_is_absent_or_damaged_is_named(tmp_path, text):
    listed = object_path(tmp_path, "0a1b.dir")
    listed.parent.mkdir()
    if text is not None:
        listed.write_text(text)
    with pytest.raises(InputError, match=r"1b\.dir: not a list of files .*; run `ladder doctor`"):
        file_digests(tmp_path, "out", "0a1b.dir")
