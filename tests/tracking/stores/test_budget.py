"""A block that takes too long is ended, even if libraries swallow errors."""

import signal
import socket
import time
from contextlib import suppress

import pytest

from pipeline.tracking.stores import budget
from pipeline.tracking.stores.budget import OutOfTime, time_budget


def test_within_the_time_nothing_happens():
    before = signal.getsignal(signal.SIGALRM)
    with time_budget(60):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_request_without_an_answer_is_ended():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asking = socket.create_connection(silent.getsockname())
        with pytest.raises(OutOfTime, match="it takes more than 0 s"), time_budget(0.1):
            asking.recv(1)
        asking.close()
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_error_that_is_swallowed_comes_again(monkeypatch):
    monkeypatch.setattr(budget, "_SECONDS_BETWEEN", 0.05)
    with pytest.raises(OutOfTime), time_budget(0.05):
        with suppress(Exception):
            time.sleep(60)
        time.sleep(60)
