"""The photos of a request as files: from a form, from JSON, or one photo as the body."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from pipeline.serve.body import Body
from pipeline.serve.json_photos import json_photos
from pipeline.serve.limits import Limits, Refused

_TYPES = "multipart/form-data, application/json, or a photo's own type such as image/jpeg"
_FIELD_BYTES = 10_000  # of a field that is not a file, which is ignored


@dataclass(frozen=True)
class Upload:
    """A photo as it was sent.

    Attributes:
        name: of the file, or `photo N`.
        content: the file, not decoded; or why there is none.
    """

    name: str
    content: Path | Refused


async def read_uploads(body: Body, folder: Path, limits: Limits) -> list[Upload]:
    """Return the photos of a request in order, at least one.

    Args:
        body: of the request, not read yet.
        folder: an empty one for the files.
        limits: on bytes, photos and time.

    Raises:
        Refused: the request as a whole cannot be read.
    """
    try:
        async with asyncio.timeout(limits.body_seconds):
            uploads = await _by_type(body, folder, limits)
    except TimeoutError:
        seconds = f"{limits.body_seconds:g} seconds"
        raise Refused(408, f"the request took more than {seconds} to arrive") from None
    if not uploads:
        raise Refused(422, "the request has no photo in it; send one or more")
    return uploads


async def _by_type(body: Body, folder: Path, limits: Limits) -> list[Upload]:
    kind = body.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _multipart(body, folder, limits)
    if kind == "application/json":
        return await _json(body, folder, limits)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return await _raw(body, folder)
    raise Refused(415, f"Content-Type: {kind or 'none'}: unknown; use {_TYPES}")


async def _raw(body: Body, folder: Path) -> list[Upload]:
    file = folder / "1"
    with file.open("wb") as target:
        async for chunk in body.chunks():
            target.write(chunk)
    return [Upload("photo 1", file)] if file.stat().st_size else []


async def _json(body: Body, folder: Path, limits: Limits) -> list[Upload]:
    text = b"".join([chunk async for chunk in body.chunks()])
    photos = await asyncio.to_thread(json_photos, text, folder, limits.photos)
    return [Upload(f"photo {number}", photo) for number, photo in enumerate(photos, 1)]


class _Parser(MultiPartParser):
    """Notes whether a form is complete: a truncated one parses, but without its last photo."""

    has_ended = False

    def on_end(self) -> None:
        """Note that the closing boundary has been read."""
        self.has_ended = True


async def _multipart(body: Body, folder: Path, limits: Limits) -> list[Upload]:
    parser = _Parser(
        body.headers,
        body.chunks(),
        max_files=limits.photos,
        max_fields=limits.photos,
        max_part_size=_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        status = 413 if error.message.startswith("Too many") else 422
        reason = error.message.rstrip(".")
        raise Refused(status, f"multipart/form-data: {reason}; send photos as files") from None
    except UnicodeError:  # a form may name any codec of Python, some of which are not for text
        reason = "a name is not in the form's charset"
        raise Refused(422, f"multipart/form-data: {reason}; send it in UTF-8") from None
    try:
        if not parser.has_ended:
            reason = "ends before its closing boundary"
            raise Refused(422, f"multipart/form-data: {reason}; send all of it")
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        return await asyncio.to_thread(_saved, files, folder)
    finally:
        await form.close()


def _saved(files: Sequence[UploadFile], folder: Path) -> list[Upload]:
    uploads = []
    for number, file in enumerate(files, 1):
        place = folder / str(number)  # never a name chosen by the client
        with place.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        uploads.append(Upload(_told(file.filename or f"photo {number}"), place))
    return uploads


def _told(name: str) -> str:
    """Return a name that JSON can hold: some charsets decode to lone surrogates."""
    return name.encode("utf-8", "replace").decode()
