"""A real server with a small real model, and requests to it."""

import http.client
import io
import json
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from pipeline.inference.detector import Detector
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.rungs.rung import RungModel
from pipeline.serve.app import make_app
from pipeline.serve.limits import Limits
from pipeline.serve.server import bound_sockets, listen, server_of
from pipeline.serve.service import Served, Service
from tests.inference.making import CLASSES, EVERYTHING, model_of, pixels_of, spec_of

BOUNDARY = "a-line-that-is-in-no-photo"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
MIN_SCORE = 0.3
FEW = Limits(body_bytes=300_000, photo_pixels=1_000_000, photos=6, waiting=64, body_seconds=20)


@dataclass(frozen=True)
class Answered:
    """A server's response."""

    status: int
    headers: Mapping[str, str]
    text: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.text)


@dataclass(frozen=True)
class Running:
    """A running server."""

    service: Service
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Return the response to one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {"Content-Type": content_type} if content_type else {}
        connection.request(method, path, body, given | dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return Answered(answer.status, dict(answer.getheaders()), text)

    def predict(self, body: bytes, content_type: str, query: str = "") -> Answered:
        """Return the response to photos in any form."""
        return self.ask("POST", f"/predict{query}", body, content_type)


def small_model() -> RungModel:
    """Return a model with random weights whose scores differ clearly: about .2 and .5."""
    model = model_of("ssd_fpn")
    with torch.no_grad():
        model.get_parameter("cls.weight").mul_(15)
        model.get_parameter("cls.bias").fill_(-4)
    return model


def small_detector(batch_size: int = 8) -> Detector:
    """Return a detector with it, which finds five objects in any photo."""
    spec = spec_of("ssd_fpn")
    engine = TorchEngine(small_model(), spec)
    return Detector(engine, decoding=EVERYTHING, batch_size=batch_size)


def service_of(detector: Detector, limits: Limits = FEW, wait: float = 0.004) -> Service:
    """Return a service that returns detections above `MIN_SCORE`."""
    scores = np.full(len(CLASSES), MIN_SCORE, np.float32)
    return Service(Served(detector, "models/ssd_fpn", "f" * 64, scores), limits, wait)


@contextmanager
def running(service: Service) -> Iterator[Running]:
    """Yield the server of a service on a free port; it is shut down as by SIGTERM."""
    sockets = bound_sockets("127.0.0.1", 0)
    listen(sockets)
    server = server_of(make_app(service))
    thread = threading.Thread(target=server.run, args=(sockets,))
    thread.start()
    try:
        yield Running(service, sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


def encoded(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """Return a photo as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_of(*size)).save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """Return the start of a PNG whose header declares this size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def multipart(files: Mapping[str, bytes], field: str = "photos") -> bytes:
    """Return the body of a request with these files, given by name."""
    parts = []
    for name, content in files.items():
        disposition = f'form-data; name="{field}"; filename="{name}"'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
        parts.append(head.encode() + content + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
