"""How a stage replaces a folder of outputs: written beside, renamed over when complete."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder beside `final` that takes its place when the block ends well.

    When the block fails, `final` stays as it was and nothing is left beside it.
    """
    partial, old = (final.with_name(f"{final.name}.{state}") for state in ("partial", "old"))
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    shutil.rmtree(old, ignore_errors=True)
