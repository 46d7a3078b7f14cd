"""Where DVC's cache is."""

import subprocess
import sys

import pytest

from pipeline.errors import InputError
from pipeline.tracking.dvc_cache import cache_folder, object_path


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
