"""`python -m tests.faults.two_hosts`: train over two hosts, which are two network namespaces.

Each host has its own copy of the data, and they know each other by address alone. What they train
must be what two processes of one host train, byte by byte; also when a worker is killed on either
host, all end within seconds, and the same two commands are given again.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.conftest import ROOT
from tests.stages.small_project import command, contents, copy_of, paint_project, write_params

RUNG, EPOCHS = "ssd_fpn", 24
ADDRESSES = ("10.77.0.1", "10.77.0.2")
_SECONDS_TO_END = 60  # on a machine that is busy with other work


def why_not() -> str:
    """Return why this machine cannot play two hosts; "" if it can."""
    if not shutil.which("ip"):
        return "needs `ip` of iproute2"
    return "" if os.geteuid() == 0 else "needs root, to make network namespaces"


@contextmanager
def two_hosts() -> Iterator[list[str]]:
    """Yield the names of two network namespaces that are wired together."""
    names = [f"ladder{os.getpid()}{side}" for side in "ab"]
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip(
            "link",
            "add",
            "wire",
            "netns",
            names[0],
            "type",
            "veth",
            "peer",
            "wire",
            "netns",
            names[1],
        )
        for name, address in zip(names, ADDRESSES, strict=True):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "wire")
            for device in ("wire", "lo"):
                _ip("-n", name, "link", "set", device, "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def start(host: int, name: str, folder: Path) -> subprocess.Popen:
    """Start a host's part of the training, as one does by hand on each."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=1", "--nnodes=2"]
    torchrun += [f"--node-rank={host}", f"--master-addr={ADDRESSES[0]}", "--master-port=29500"]
    return subprocess.Popen(
        ["ip", "netns", "exec", name, *torchrun, "-m", "stages.train", RUNG],
        cwd=folder,
        env=os.environ | {"GLOO_SOCKET_IFNAME": "wire", "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def train(names: list[str], folders: list[Path]) -> str:
    """Train to the end, and return what the first host has said."""
    parts = [start(host, *each) for host, each in enumerate(zip(names, folders, strict=True))]
    said = [part.communicate()[1] for part in parts]
    if any(part.returncode for part in parts):
        raise SystemExit(f"{[part.returncode for part in parts]}\n{said[0]}\n{said[1]}")
    return said[0]


def kill_a_worker(names: list[str], folders: list[Path], killed: int) -> float:
    """Train, kill the worker of a host after the second epoch; return seconds until all ended."""
    parts = [start(host, *each) for host, each in enumerate(zip(names, folders, strict=True))]
    said = ""
    for line in parts[0].stderr:
        said += line
        if said.count(f"{RUNG}: epoch ") == 2:
            break
    else:
        raise SystemExit(f"ended before its second epoch:\n{said}")
    [worker] = [
        process
        for process in psutil.Process(parts[killed].pid).children(recursive=True)
        if "stages.train" in process.cmdline() and "torch.distributed.run" not in process.cmdline()
    ]
    begin = time.monotonic()
    worker.send_signal(signal.SIGKILL)
    for part in parts:
        part.communicate(timeout=_SECONDS_TO_END)
        assert part.returncode, "a host went on alone"
    return time.monotonic() - begin


def play(folder: Path) -> None:
    """Train on one host and on two, with and without kills; print what happened."""
    os.environ["PYTHONPATH"] = str(ROOT)
    one = folder / "one"
    one.mkdir(parents=True)
    paint_project(one)
    phases = {"train__ssd_fpn__late": {"epochs": EPOCHS - 1, "lr": 0.003}}
    write_params(one, **phases)
    hosts = [copy_of(one, folder / name) for name in "ab"]
    others = [copy_of(one, folder / name) for name in "cd"]
    write_params(one, **phases, train__shared__devices=2)
    alone = command("train", RUNG, cwd=one)
    said = alone.communicate()[1]
    if alone.returncode:
        raise SystemExit(said)
    expected = contents(one / "models" / RUNG)
    del expected["model.json"]  # has the number of devices
    with two_hosts() as names:
        train(names, hosts)
        print("two hosts:", _compared(expected, hosts))
        for killed in (0, 1):
            seconds = kill_a_worker(names, others, killed)
            print(f"worker of host {killed} killed: both ended after {seconds:.1f} s")
        said = train(names, others)
        print(said.splitlines()[0] if "going on" in said else said)
        print("after the kills:", _compared(expected, others))


def _compared(expected: dict[str, bytes], hosts: list[Path]) -> str:
    first, second = (contents(host / "models") for host in hosts)
    wrong = [name for name, content in expected.items() if first.get(f"{RUNG}/{name}") != content]
    if wrong or second:
        raise SystemExit(f"differs from one host: {wrong}; the second host wrote {list(second)}")
    return "the same files as on one host; the second host wrote none"


def main() -> None:
    """Play in a folder that is deleted afterwards."""
    if reason := why_not():
        print(f"skipped: {reason}")
        return
    with tempfile.TemporaryDirectory() as folder:
        play(Path(folder))


if __name__ == "__main__":
    main()
