"""Overrides `params.yaml` for the duration of a run, and restores it unless told to keep it."""

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
# Arguments: the backup, params.yaml, what the run set, and where to move params.yaml if a person
# edited it since. A run that ends well removes the backup, so one that exists must be restored.
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
# Its stdin closes when this process ends, in whichever way, even by `kill -9`.
_GUARD = f"cat > /dev/null; {_RESTORE}"


@contextmanager
def params_during(text: str) -> Iterator[Callable[[], None]]:
    """Replace `params.yaml` within the block; yield a function that makes the change permanent.

    If the block or this process ends before that function is called, `params.yaml` is restored. If
    somebody edited it in the meantime, their version is kept as params.edited-TIME.yaml, and a line
    says so. After a power failure the next call restores it. It must not change while DVC runs,
    which reads it again when a stage ends and would record the new values for the old run.

    Args:
        text: the temporary content.

    Raises:
        InputError: another process is in such a block, or DVC is running.
    """
    with _one_at_a_time(), ExitStack() as stack:
        with nobody_at_work():
            _restore()
            write_beside(_WRITTEN, lambda path: path.write_text(text))
            write_beside(BACKUP, lambda path: path.write_bytes(PARAMS.read_bytes()))
            guard = subprocess.Popen(
                _in_shell(_GUARD),
                stdin=subprocess.PIPE,
                start_new_session=True,  # so that it does not get Ctrl-C
            )
            stack.callback(guard.communicate)
            write_beside(PARAMS, lambda path: path.write_text(text))
        yield BACKUP.unlink


def restore_params() -> bool:
    """Undo the parameters of a run that a power failure cut off; return whether there was one.

    Raises:
        InputError: another process is in such a block.
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
    """Return the command that restores `params.yaml`, which may outlive this process."""
    edited = PARAMS.with_name(f"params.edited-{datetime.now():%Y%m%d-%H%M%S}.yaml")
    return ["sh", "-c", script, "restore", BACKUP, PARAMS, _WRITTEN, edited]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    _LOCK.parent.mkdir(exist_ok=True)
    try:
        with FileLock(_LOCK, timeout=0):
            yield
    except Timeout:
        raise InputError(f"{PARAMS}: another `ladder run` is running; wait for its end") from None
