"""Where DVC keeps the content of outputs: in files named by the md5 of their content."""

import json
from pathlib import Path

from pipeline.errors import InputError


def cache_folder(root: Path) -> Path:
    """Return the folder with the objects of a project's cache, wherever it is configured to be.

    Args:
        root: the project's root folder.

    Raises:
        InputError: DVC cannot be imported, or this is not a DVC project.
    """
    try:
        from dvc.exceptions import DvcException
        from dvc.repo import Repo
    except Exception as error:  # a broken installation fails in many ways
        raise InputError(
            f"dvc cannot be imported: {error}; `make clean-venv`, then `make venv`"
        ) from None

    try:
        with Repo(str(root)) as repo:
            return Path(repo.cache.local.path)
    except DvcException as error:
        raise InputError(f".dvc: {error}; run from the project's root folder") from None


def file_digests(folder: Path, path: str, md5: str) -> dict[str, str]:
    """Return path to md5 of an output; for a folder, of each file in it.

    Args:
        folder: of the cache, see `cache_folder`.
        path: of the output.
        md5: as in `dvc.lock`; that of a folder ends in `.dir`.

    Raises:
        InputError: the cache has no list of the folder's files, or a damaged one.
    """
    if not md5.endswith(".dir"):
        return {path: md5}
    listed = object_path(folder, md5)
    try:
        return {
            f"{path}/{item['relpath']}": item["md5"] for item in json.loads(listed.read_bytes())
        }
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{listed}: not a list of files ({error}); run `ladder doctor`") from None


def object_path(folder: Path, md5: str) -> Path:
    """Return where the cache in `folder` keeps the content with this md5, if it has it.

    >>> object_path(Path("cache"), "0a1b").as_posix()
    'cache/0a/1b'
    """
    return folder / md5[:2] / md5[2:]
