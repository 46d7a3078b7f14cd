"""Gives `params.yaml` other values for the length of a run, and restores it unless kept."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import InputError
from pipeline.files import PARAMS, write_beside
from pipeline.repair.exclusive import nobody_at_work

BACKUP = Path(".ladder/params.before.yaml")
_WRITTEN = Path(".ladder/params.during.yaml")  # what the run has set
_LOCK = Path(".ladder/run.lock")
# Backup, params.yaml, what the run has set, and where to put what a person has made of that. A
# backup that is still there was not given up by a run that ended well.
_RESTORE = """
backup="$1" params="$2" written="$3" edited="$4"
if [ -e "$backup" ]; then
    if [ -e "$params" ] && ! cmp -s "$params" "$written" && ! cmp -s "$params" "$backup"; then
        mv "$params" "$edited"; moved=1
    fi
    mv -f "$backup" "$params"
    [ -z "$moved" ] || echo "$params is as it was before; as edited during the run it is $edited"
fi
"""
# Its input ends with this process, however that ends, `kill -9` included.
_GUARD = f"cat > /dev/null; {_RESTORE}"


@contextmanager
def params_during(text: str) -> Iterator[Callable[[], None]]:
    """Replace `params.yaml` within the block; yield a function that makes the change permanent.

    When the block or this process ends before that function is called, `params.yaml` is as it was.
    If somebody edited it meanwhile, their version is kept as params.edited-TIME.yaml, and a line
    says so.
    After a power failure the next call restores it. A DVC at work would note the new values in
    dvc.lock for what it has run with the old ones, as it reads them again when a stage ends.

    Args:
        text: the content.

    Raises:
        InputError: another process is within such a block, or a DVC is at work.
    """
    with _one_at_a_time(), ExitStack() as stack:
        with nobody_at_work():
            _restore()
            write_beside(_WRITTEN, lambda path: path.write_text(text))
            write_beside(BACKUP, lambda path: path.write_bytes(PARAMS.read_bytes()))
            guard = subprocess.Popen(
                _in_shell(_GUARD),
                stdin=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is not for it
            )
            stack.callback(guard.communicate)
            write_beside(PARAMS, lambda path: path.write_text(text))
        yield BACKUP.unlink


def restore_params() -> bool:
    """Return whether a power failure had cut off a run, after undoing its parameters.

    Raises:
        InputError: another process is within such a block.
    """
    if not BACKUP.exists():
        return False
    with _one_at_a_time():
        return _restore()


def _restore() -> bool:
    left = BACKUP.exists()
    if left:
        subprocess.run(_in_shell(_RESTORE), check=True)
    return left


def _in_shell(script: str) -> list[str | Path]:
    """Return the command that restores `params.yaml`, also after the end of this process."""
    edited = PARAMS.with_name(f"params.edited-{datetime.now():%Y%m%d-%H%M%S}.yaml")
    return ["sh", "-c", script, "restore", BACKUP, PARAMS, _WRITTEN, edited]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    _LOCK.parent.mkdir(exist_ok=True)
    try:
        with FileLock(_LOCK, timeout=0):
            yield
    except Timeout:
        raise InputError(f"{PARAMS}: another `ladder run` is at work; wait for its end") from None
