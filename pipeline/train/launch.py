"""Workers of one training, started by torchrun's own launcher and ended together."""

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
    """Run `python -m module args` in so many processes of this machine; return an exit code.

    What a worker has to say it has said itself, so torchrun's report is left out.

    Raises:
        InputError: a signal has ended a worker that none of us has sent.
        KeyboardInterrupt: this process was told to stop.
    """
    logging.disable(logging.CRITICAL)  # torchrun's: this process does nothing else
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # a lost connection is told in our words
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", _SECONDS_TO_END)
    if sys.platform == "linux":  # what the host is called elsewhere does not matter here
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // processes)))
    with TemporaryDirectory(prefix="ladder-workers-") as folder:  # torch would leave its own
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
        max_restarts=0,  # the same command goes on from the last epoch
    )
    try:
        launch_agent(config, sys.executable, ["-m", module, *args])
    except ChildFailedError as error:
        codes = {failure.exitcode: rank for rank, failure in error.failures.items()}
        # torchrun sends SIGTERM to those that are left, and may meet one on its way out.
        killed = [code for code in codes if code < 0 and code != -signal.SIGTERM]
        if killed:
            raise InputError(
                f"worker {codes[killed[0]]} of {processes} was ended by "
                f"{signal.Signals(-killed[0]).name}; run the same command again to go on from the "
                "last epoch"
            ) from None
        return max(FAILED, *codes)
    except SignalException:
        raise KeyboardInterrupt from None
    return 0
