"""A headless Chromium that a test talks to by DevTools' protocol, over a pipe."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe")
_SECONDS = 300


class Page:
    """One page of a browser."""

    def __init__(self, read: int, write: int):
        self._read, self._write = os.fdopen(read, "rb"), os.fdopen(write, "wb")
        self._number, self._session, self._rest = 0, "", b""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def open(self, address: str, width: int, height: int) -> None:
        """Load an address in a window of this size."""
        mobile = width < 600
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        self._ask("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> object:
        """Return the value of a JavaScript expression."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str) -> None:
        """Wait for an expression to become true."""
        end = time.monotonic() + _SECONDS
        while not self._holds(script):
            assert time.monotonic() < end, script
            time.sleep(0.05)

    def _holds(self, script: str) -> object:
        try:
            return self.value(script)
        except AssertionError as error:
            if "navigated" not in str(error):
                raise
            return False  # the page was about to lead to another one

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in an input, as a person does in the browser's dialogue."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        node = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        names = [str(file) for file in files]
        self._ask("DOM.setFileInputFiles", nodeId=node, files=names)

    def press(self, key: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def picture(self, file: Path) -> None:
        """Save what the whole page looks like as a PNG."""
        shot = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def _ask(self, method: str, **params: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _message(self) -> dict:
        while b"\0" not in self._rest:
            more = os.read(self._read.fileno(), 1 << 16)
            assert more, "the browser has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """Yield a page of a browser with a profile of its own; skip where there is no browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("no Chromium here: apt install chromium")
    (its_in, our_out), (our_in, its_out) = os.pipe(), os.pipe()
    # It reads commands at 3 and answers at 4, whatever the numbers are here.
    script = f'exec "$0" "$@" 3<&{its_in} 4>&{its_out}'
    words = ["bash", "-c", script, browser, *_FLAGS, f"--user-data-dir={profile}"]
    with (profile.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(words, pass_fds=(its_in, its_out), stderr=log, stdout=log)
    os.close(its_in)
    os.close(its_out)
    try:
        yield Page(our_in, our_out)
    finally:
        process.terminate()
        process.wait(30)
