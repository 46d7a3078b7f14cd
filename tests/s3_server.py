"""Moto's server, which stands for S3."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

BUCKET = "photos"


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of who reads a bucket that has the files of a folder below `new/`."""
    moto = pytest.importorskip("moto.server", reason="moto, of the extra `dev`, is not installed")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    try:
        urlopen(Request(f"{address}/{BUCKET}", method="PUT")).close()
        for file in filter(Path.is_file, folder.rglob("*")):
            place = f"{address}/{BUCKET}/new/{file.relative_to(folder).as_posix()}"
            as_is = {"Content-Type": "application/octet-stream"}
            urlopen(Request(place, file.read_bytes(), as_is, method="PUT")).close()
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }
    finally:
        # What it holds is the process's, not the server's.
        urlopen(Request(f"{address}/moto-api/reset", method="POST")).close()
        server.stop()
