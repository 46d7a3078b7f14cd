"""Where DVC keeps the content of outputs: a file named for the md5 of what is in it."""

from pathlib import Path

from pipeline.errors import InputError


def cache_folder(root: Path) -> Path:
    """Return the folder with the objects of a project's cache, wherever its settings have put it.

    Args:
        root: the project's root folder.

    Raises:
        InputError: DVC cannot be imported, or there is no project of it here.
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


def object_path(folder: Path, md5: str) -> Path:
    """Return where the cache in `folder` keeps the content with this md5, whether it does or not.

    >>> object_path(Path("cache"), "0a1b").as_posix()
    'cache/0a/1b'
    """
    return folder / md5[:2] / md5[2:]
