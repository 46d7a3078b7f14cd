"""Shared by several tests: label files, VOC folders, archives and a server for them."""

import hashlib
import io
import re
import struct
import tarfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.data.pixel_store import digest_of, write_digests
from pipeline.formats.labels import Labels
from pipeline.formats.pascal.checks import check_pascal
from pipeline.formats.pascal.reader import labels_of

SIZE = "<size><width>20</width><height>10</height><depth>3</depth></size>"
CAT = (
    "<object><name>cat</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2</ymin>"
    "<xmax>4</xmax><ymax>6</ymax></bndbox></object>"
)
# (photo, class, xywh, ignore) of each object, for `pascal`
SMALL = [
    (1, "dog", (0, 0, 10, 10), 0),
    (0, "cat", (5, 5, 4, 4), 0),
    (0, "dog", (1, 2, 30, 20), 0),
    (0, "dog", (0, 0, 100, 50), 1),
]


def pascal(objects, splits=("train", "val", "train"), classes=("cat", "dog")):
    """Return a Pascal JSON of photos 100 x 50 from (photo, class, xywh, ignore) of each object."""
    return {
        "images": [
            {"id": 7 + i, "file_name": f"{i}.jpg", "width": 100, "height": 50, "split": split}
            for i, split in enumerate(splits)
        ],
        "annotations": [
            {
                "id": 10 + i,
                "image_id": 7 + photo,
                "category_id": 30 - classes.index(name),
                "bbox": list(bbox),
                "ignore": ignore,
            }
            for i, (photo, name, bbox, ignore) in enumerate(objects)
        ],
        "categories": [{"id": 30 - i, "name": name} for i, name in enumerate(classes)],
    }


def labels(source: dict) -> Labels:
    """Return the labels of a Pascal JSON, each photo at its file name."""
    file = Path("annotations.json")
    found = labels_of(check_pascal(source, file), file, Path("photos"))
    images = found.images.append_column("photo", found.images["file_name"])
    turned = pa.array([True] * len(images))
    return replace(found, images=images.append_column("turned", turned))


def voc(folder: Path, files: dict[str, str], **lists: str) -> Path:
    """Write a VOC folder: the inside of each `<annotation>`, an empty photo, the lists."""
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for stem, inside in files.items():
        (folder / f"Annotations/{stem}.xml").write_text(f"<annotation>{inside}</annotation>")
        (folder / f"JPEGImages/{stem}.jpg").touch()
    for split, names in lists.items():
        (folder / f"ImageSets/Main/{split}.txt").write_text(names)
    return folder


def blank_photo(file: Path, width: int, height: int) -> None:
    """Write the header of a BMP, which is enough to read a size from."""
    file.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, *[0] * 6)
    file.write_bytes(b"BM" + header)


def files_in(root: Path, files: dict[str, str | None]) -> Path:
    """Write texts, and photos of 200 x 100 where there is None; return the root."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            blank_photo(root / name, 200, 100)
        else:
            (root / name).write_text(text)
    return root


def voc_files(*stems: str) -> dict[str, bytes]:
    """Return the files of an official archive with a photo of each stem, one object in each."""
    root, xml = "VOCdevkit/VOC2007", b"<size><width>4</width><height>4</height></size>"
    files = {f"{root}/ImageSets/Main/train.txt": "\n".join(stems).encode()}
    for stem in stems:
        files[f"{root}/Annotations/{stem}.xml"] = (
            b"<annotation>" + xml + b"<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
            b"<xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>"
        )
        files[f"{root}/JPEGImages/{stem}.jpg"] = stem.encode()
    return files


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `content`; notes the Range header of each request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = b""
        self.break_after: int | None = None
        self.resumes = True
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/set.tar"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if self.path != "/set.tar":
            self.send_error(404)
            return
        start = 0
        if wanted and self.server.resumes:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        body = self.server.content[start:]
        if start and not body:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after])

    def log_message(self, *args: object) -> None:
        """Keep the test's output quiet."""


def save_store(path: Path, photos: np.ndarray) -> None:
    """Write one file of a store, with digests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, photos)
    write_digests(path, bytes(32), [digest_of(photo) for photo in photos])
