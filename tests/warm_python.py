"""A `python` that has imported other people's packages already, for stages that DVC starts.

Importing torch, torchvision, timm and MLflow takes a stage longer than its work in a test. Here one
process imports them, and none of our code; a script named `python` has it fork, and the child runs
the project's own code as `python -m` does, in a process of its own. Not for tests of what a stage
imports, or of what becomes of it when DVC is killed: it is not DVC's child.
"""

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

_PACKAGES = (
    "torch._dynamo",
    "timm",
    "torchvision",
    "mlflow.pyfunc",
    "mlflow.store.tracking.rest_store",
    "pandas",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pydantic",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "faster_coco_eval",
    "rich.table",
    "ruamel.yaml",
    "safetensors.torch",
    "dvc.repo",
    "tqdm",
)
_STANDARD = (0, 1, 2)
_SCRIPT = """#!{python} -IS
import json, os, signal, socket, sys
words = sys.argv[1:]
if words[:1] != ["-m"] or words[1].partition(".")[0] not in ("stages", "commands"):
    os.execv({python!r}, [{python!r}, *words])
asked = socket.socket(socket.AF_UNIX)
asked.connect({address!r})
told = json.dumps([words[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(asked, [len(told).to_bytes(4, "big")], [0, 1, 2])
asked.sendall(told)
answers = asked.makefile()
process = int(answers.readline())
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(process, number))
code = int(answers.readline() or -9)
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Yield a folder with the script; the process that it asks ends with the block."""
    address = folder / "asked"
    script = folder / "bin" / "python"
    script.parent.mkdir()
    script.write_text(_SCRIPT.format(python=sys.executable, address=str(address)))
    script.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.warm_python", str(address)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout and server.stdout.read(1), "it has not begun to listen"
        yield script.parent
    finally:
        server.kill()
        server.communicate()


def _serve(address: str) -> None:
    """Fork for each that asks, for ever."""
    for package in _PACKAGES:
        import_module(package)
    assert threading.active_count() == 1, "threads do not survive a fork"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    os.write(1, b"!")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while True:
        asked, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _answer(asked)
        asked.close()


def _answer(asked: socket.socket) -> None:
    """Run what is asked for in a child; tell its number, and in the end its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, given, _, _ = socket.recv_fds(asked, 4, len(_STANDARD))
    told = asked.makefile("rb").read(int.from_bytes(head, "big"))
    words, folder, environment = json.loads(told)
    child = os.fork()
    if child == 0:
        asked.close()
        for standard, file in zip(_STANDARD, given, strict=True):
            os.dup2(file, standard)
            os.close(file)
        os._exit(_run(words, folder, environment))
    asked.sendall(f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    asked.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(words: list[str], folder: str, environment: dict[str, str]) -> int:
    """Do what `python -m` does, from its start to its end; return the exit code."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    sys.path[0] = folder
    code: object = 0
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # waits for threads, as the end of a process does
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    return code


if __name__ == "__main__":
    _serve(sys.argv[1])
