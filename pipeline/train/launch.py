"""Starts the workers of a training with torchrun's launcher, and ends them together."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, launch_agent

from pipeline.errors import InputError
from pipeline.exit_codes import FAILED
from pipeline.processes import usable_cores

_SECONDS_TO_END = "10"


def launch(processes: int, module: str, args: Sequence[str]) -> int:
    """Run `python -m module args` in several processes on this machine; return an exit code.

    Workers report their own errors, so torchrun's report is suppressed.

    Raises:
        InputError: a worker was killed by a signal that torchrun did not send.
        KeyboardInterrupt: this process was told to stop.
    """
    logging.disable(logging.CRITICAL)  # torchrun's; this process logs nothing else
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # workers report lost connections
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", _SECONDS_TO_END)
    if sys.platform == "linux":  # so that gloo need not resolve the host's name
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // processes)))
    with TemporaryDirectory(prefix="ladder-workers-") as folder:  # torch would leave its own behind
        return _launched(processes, module, args, folder)


def _launched(processes: int, module: str, args: Sequence[str], folder: str) -> int:
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id="ladder",
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",  # a free port
        local_addr="127.0.0.1",
        logs_specs=DefaultLogsSpecs(log_dir=folder),
        max_restarts=0,  # the same command resumes from the last epoch
    )
    try:
        launch_agent(config, sys.executable, ["-m", module, *args])
    except ChildFailedError as error:
        _, first = error.get_first_failure()
        # torchrun ends the remaining workers by SIGTERM, then by SIGKILL one that waits for a GPU.
        codes = {
            rank: failure.exitcode
            for rank, failure in error.failures.items()
            if failure.exitcode != -signal.SIGTERM
            and failure.timestamp - first.timestamp < int(_SECONDS_TO_END)
        }
        for rank, code in codes.items():
            if code < 0:
                raise InputError(
                    f"worker {rank} of {processes} was killed by {signal.Signals(-code).name}; run "
                    "the same command again to resume from the last epoch"
                ) from None
        return max([FAILED, *codes.values()])
    except SignalException:
        raise KeyboardInterrupt from None
    return 0
