"""The kinds of input that the fuzzer spoils, each read as the project itself reads it."""

import asyncio
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from tests.conftest import ROOT
from tests.faults.mutations import (
    BYTES,
    JSON,
    LINES,
    TEXT,
    XML,
    YAML,
    Mutation,
)


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        name: of it.
        make: writes sound inputs into an empty folder, and returns the files to spoil.
        read: reads what is in the folder, the spoiled file among it.
        mutations: to spoil a file by.
        declared: errors that are an answer, beside the one line of an `InputError`.
    """

    name: str
    make: Callable[[Path], Sequence[Path]]
    read: Callable[[Path, Path], object]
    mutations: Sequence[Mutation]
    declared: tuple[type[Exception], ...] = (InputError, OSError)


def _labels(name: str, mutations: Sequence[Mutation]) -> Kind:
    """Labels of one format: found, read, checked and made into tables, as two stages do."""

    def make(folder: Path) -> Sequence[Path]:
        from pipeline.formats.registry import find_format
        from tests.data.making import SMALL, labels, pascal
        from tests.formats.test_round_trips import ONE_FILE, place_photos

        source = folder / "data/source"
        source.mkdir(parents=True)
        some = labels(pascal(SMALL, splits=("train", "val", "train")))
        find_format(name).write([some], source / ONE_FILE.get(name, "."))
        files = sorted(file for file in source.rglob("*") if file.is_file())
        place_photos(some, name, source)
        return files

    def read(folder: Path, _: Path) -> object:
        from stages.tables import make_tables

        return make_tables(_params())

    return Kind(f"labels: {name}", make, read, mutations)


def _params():
    from pipeline.params.params import load_params

    params = load_params(ROOT / "params.yaml")
    fetch = params.fetch.model_copy(update={"split": "fraction", "seed": 1})
    return params.model_copy(update={"fetch": fetch})


def _make_photos(folder: Path) -> Sequence[Path]:
    from PIL import Image

    from tests.inference.making import pixels_of

    kinds = ("jpg", "png", "gif", "webp", "tif", "bmp", "jp2", "avif")
    photos = []
    for number, kind in enumerate(kinds):
        exif = Image.Exif()
        exif[0x0112] = 6
        photos.append(folder / f"a.{kind}")
        Image.fromarray(pixels_of(60, 40, number)).save(photos[-1], exif=exif)
    grey = Image.fromarray(pixels_of(60, 40)).convert("L")
    for name, mode, options in (
        ("progressive.jpg", "L", {"progressive": True}),
        ("cmyk.jpg", "CMYK", {}),
        ("palette.png", "P", {}),
        ("bits.png", "I;16", {}),
        ("float.tif", "F", {"compression": "tiff_lzw"}),
    ):
        photos.append(folder / name)
        image = grey.convert("I").convert(mode) if mode == "I;16" else grey.convert(mode)
        image.save(photos[-1], **options)
    return photos


def _read_photo(_: Path, photo: Path) -> object:
    from pipeline.checks.fingerprints import fingerprints
    from pipeline.data.decode import read_squashed
    from pipeline.photo_files import photo_header

    fingerprints([photo])
    header = photo_header(photo)
    square, size_wh = read_squashed(photo, 64)
    # Of damaged EXIF torchvision may see a turn where Pillow sees none.
    assert square.shape == (64, 64, 3) and sorted(header.seen_size) == sorted(size_wh)
    return square


def _make_yaml(folder: Path) -> Sequence[Path]:
    for name in ("params.yaml", "dvc.lock"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    lock = (ROOT / "dvc.lock").read_text().splitlines()[:120]
    (folder / "dvc.lock").write_text("\n".join(lock) + "\n")
    return [folder / "params.yaml", folder / "dvc.lock"]


def _read_yaml(_: Path, file: Path) -> object:
    from pipeline.params.params import load_params
    from pipeline.tracking.dvc_lock import fingerprint, flat_params, read_lock, with_upstream

    if file.name == "params.yaml":
        return load_params(file)
    stages = read_lock(file)
    names = with_upstream(stages, stages)
    return fingerprint(stages, names), json.dumps(flat_params(stages, names))


def _make_model(folder: Path) -> Sequence[Path]:
    from tests.inference.making import saved

    files = []
    for rung in ("ssd_fpn", "combined"):
        model = saved(folder / rung, rung)
        described = json.loads((model / "model.json").read_text())
        del described["weights_sha256"]  # so that a stranger's weights are read, too
        (model / "model.json").write_text(json.dumps(described))
        files += [model / "model.json"] * 3 + [model / "model.safetensors"]
    return files


def _read_model(_: Path, file: Path) -> object:
    import numpy as np

    from pipeline.inference.detector import Detector

    detector = Detector.load(file.parent, device="cpu", batch_size=1)
    side = detector.spec.image_size
    return detector.predict([np.zeros((side, side, 3), np.uint8)])[0].names


def _make_exports(folder: Path) -> Sequence[Path]:
    import shutil

    from tests.exported_files import exported_file

    files = []
    for form in ("torch", "onnx", "openvino"):
        made = exported_file("combined", form)
        for file in made.parent.glob(f"{made.stem}.*"):
            place = folder / form / file.name
            if not place.exists():
                place.parent.mkdir(exist_ok=True)
                shutil.copy(file, place)
        path = folder / form / made.name
        path.write_bytes(path.read_bytes().replace(b"sha256", b"sha25x"))  # as a stranger's
        files.append(path)
    return files


def _read_export(_: Path, file: Path) -> object:
    import numpy as np

    from pipeline.inference.detector import Detector

    detector = Detector.load(file, batch_size=1)
    side = detector.spec.image_size
    return detector.predict([np.zeros((side, side, 3), np.uint8)])[0].names


def _make_torch_files(folder: Path) -> Sequence[Path]:
    import timm
    import torch

    from pipeline.train.checkpoint import save_checkpoint
    from tests.train.test_checkpoint import STATE

    save_checkpoint(folder / "checkpoint.pt", STATE)  # type: ignore[arg-type]
    state = timm.create_model("mobilenetv3_small_050").state_dict()
    small = dict(list(state.items())[:20])
    torch.save(small, folder / "new.pth")
    torch.save(small, folder / "old.pth", _use_new_zipfile_serialization=False)
    return [folder / name for name in ("checkpoint.pt", "new.pth", "old.pth")]


_BACKBONES: list = []


def _read_torch_file(_: Path, file: Path) -> object:
    from pipeline.models.backbone import Backbone, load_pretrained
    from pipeline.train.checkpoint import load_checkpoint

    if file.suffix == ".pt":
        return load_checkpoint(file)
    if not _BACKBONES:
        _BACKBONES.append(Backbone("mobilenetv3_small_050"))
    return load_pretrained(_BACKBONES[0], str(file))


def _make_tables(folder: Path) -> Sequence[Path]:
    import numpy as np

    from pipeline.reading.parquet_file import write_parquet
    from pipeline.tables.build import build_tables, write_tables
    from tests.data.making import SMALL, labels, pascal, save_store
    from tests.test_predictions import table_of

    write_tables(folder, build_tables(labels(pascal(SMALL))))
    write_parquet(table_of([(1, 0.75, [0, 16, 32, 64])], task=_detect()), folder / "p.parquet")
    save_store(folder / "photos.npy", np.zeros((3, 32, 32, 3), np.uint8))
    np.save(folder / "anchors.npy", np.zeros((30, 4), np.float32))
    return [folder / f"{name}.parquet" for name in ("images", "objects", "largest", "p")] + [
        folder / "photos.npy",
        folder / "photos.npy.sha256",
        folder / "anchors.npy",
    ]


def _detect():
    from pipeline.tasks import Task

    return Task.DETECT


def _read_table(_: Path, file: Path) -> object:
    from pipeline.data.pixel_store import open_pixel_store
    from pipeline.predictions import read_predictions
    from pipeline.reading.array_file import read_array
    from pipeline.schemas import SCHEMAS, box_columns, read_classes, read_table

    if file.name.startswith("photos.npy"):
        return open_pixel_store(file.with_name("photos.npy"))[:]
    if file.name == "anchors.npy":
        return read_array(file, "train the rung again")
    if file.stem == "p":
        return read_predictions(file).table.to_pylist()
    table = read_table(file, SCHEMAS[file.stem])
    assert read_classes(table) == ["cat", "dog"] or table.to_pylist() is not None
    return table.to_pylist() if file.stem == "images" else box_columns(table)


def _make_notes(folder: Path) -> Sequence[Path]:
    from pipeline.labelling.job import JobSettings, LabelJob
    from pipeline.review.decisions import Decision, Review, Reviews, write_reviews
    from pipeline.train.history import EpochRow, history_lines

    rows = [
        EpochRow(epoch=e, phase="head", lr=0.1, train={"loss": 1.0}, val={}, found=[])
        for e in (1, 2)
    ]
    (folder / "history.jsonl").write_text(history_lines(rows))
    (folder / "label_scores.json").write_text('{"cat": 0.25, "dog": 0.5}')
    job = LabelJob(
        folder / "job", JobSettings("f" * 64, ["cat"], ".", 0.05, 0.5, 100), {"a": ["b"]}
    )
    job.save()
    one = Decision(photo="a.jpg", name="cat", box=(1, 2, 3, 4), action="relabel", to="dog")
    write_reviews(folder / "review.json", Reviews(reviews=[Review(page="one", decisions=[one])]))
    names = ("history.jsonl", "label_scores.json", "job/job.json", "review.json")
    return [folder / name for name in names]


def _read_note(_: Path, file: Path) -> object:
    from pipeline.inference.label_scores import read_label_scores
    from pipeline.labelling.job import JobSettings, open_job
    from pipeline.review.decisions import read_reviews
    from pipeline.train.history import read_history

    if file.name == "job.json":
        asked = JobSettings("f" * 64, ["cat"], ".", 0.05, 0.5, 100)
        return open_job(file.parent, asked, restart=False)
    readers = {
        "history.jsonl": read_history,
        "label_scores.json": read_label_scores,
        "review.json": read_reviews,
    }
    return readers[file.name](file)


def _make_tar(folder: Path) -> Sequence[Path]:
    from tests.data.making import tar_of, voc_files

    path = folder / "set.tar"
    path.write_bytes(tar_of(voc_files("000001", "000002")))
    return [path]


def _read_tar(folder: Path, file: Path) -> object:
    import shutil

    from pipeline.sources.archives import unpack

    inside = folder / "inside"
    try:
        unpack(file, inside)
        outside = [path for path in folder.iterdir() if path not in (inside, file)]
        assert not outside, outside
    finally:
        shutil.rmtree(inside, ignore_errors=True)


_TYPES = {
    "multipart": "multipart/form-data; boundary=a-line-that-is-in-no-photo",
    "json": "application/json",
    "raw": "image/jpeg",
}


def _make_bodies(folder: Path) -> Sequence[Path]:
    import base64

    from tests.serve.making import encoded, multipart

    photo = encoded("JPEG")
    text = json.dumps({"photos": [base64.b64encode(photo).decode()] * 2}).encode()
    bodies = {"multipart": multipart({"a.jpg": photo, "b.png": encoded("PNG")})}
    for name, content in (bodies | {"json": text, "raw": photo}).items():
        (folder / name).write_bytes(content)
    return [folder / name for name in _TYPES]


def _read_body(folder: Path, file: Path) -> object:
    import tempfile

    from pipeline.serve.limits import Limits, Refused
    from pipeline.serve.squares import read_upload
    from pipeline.serve.uploads import read_uploads
    from tests.serve.asgi import body_of

    content = file.read_bytes()
    limits = Limits(body_bytes=300_000, photo_pixels=1_000_000, photos=6)
    pieces = [content[at : at + 10_000] for at in range(0, len(content), 10_000)]
    body, _ = body_of([*pieces, b""], limits, {"content-type": _TYPES[file.name]})
    with tempfile.TemporaryDirectory(dir=folder) as place:
        uploads = asyncio.run(read_uploads(body, Path(place), limits))
        told = []
        for upload in uploads:
            if isinstance(upload.content, Refused):
                told.append(upload.content.reason)
                continue
            try:
                told.append(str(read_upload(upload.content, 64, limits.photo_pixels).size_wh))
            except Refused as refused:
                told.append(refused.reason)
        assert all("\n" not in words for words in told), told
        return told


def _refusals() -> tuple[type[Exception], ...]:
    from pipeline.serve.limits import Refused

    return (Refused,)


def _make_addresses(folder: Path) -> Sequence[Path]:
    path = folder / "address"
    path.write_text("https://somebody:s3cr3tpassword@host.example:5000/mlflow")
    return [path]


def _read_address(_: Path, file: Path) -> object:
    from pipeline.reading.address import check_address, public_address, without_secrets

    uri = file.read_bytes().decode(errors="surrogateescape")
    shown = public_address(uri) + without_secrets(f"cannot reach {uri}", uri)
    if uri.startswith("https://") and uri.count("@") == 1:
        assert "s3cr3tpassword" not in shown.replace(uri.rpartition("@")[2], "")
    check_address(uri)
    return shown


KINDS: tuple[Kind, ...] = (
    _labels("pascal", JSON),
    _labels("voc", XML),
    _labels("cvat", XML),
    _labels("yolo", (*YAML, *TEXT)),
    _labels("labelme", JSON),
    _labels("csv", TEXT),
    _labels("label-studio", JSON),
    Kind("photos", _make_photos, _read_photo, BYTES),
    Kind("params.yaml, dvc.lock", _make_yaml, _read_yaml, YAML),
    Kind("Parquet, NPY", _make_tables, _read_table, BYTES),
    Kind("history, scores, job, review", _make_notes, _read_note, (*JSON, *LINES)),
    Kind("checkpoints, .pth", _make_torch_files, _read_torch_file, BYTES),
    Kind("model folders", _make_model, _read_model, (*JSON, *BYTES)),
    Kind("exports", _make_exports, _read_export, BYTES),
    Kind("archives", _make_tar, _read_tar, BYTES),
    Kind("HTTP bodies", _make_bodies, _read_body, (*JSON, *BYTES)),
    Kind("addresses", _make_addresses, _read_address, (*TEXT, *BYTES)),
)


def spoil(kind: Kind, files: Sequence[Path], chance: random.Random) -> tuple[Path, bytes]:
    """Return a file of the sound ones and the content that it is to have."""
    from tests.faults.mutations import mutate

    file = chance.choice(list(files))
    return file, mutate(file.read_bytes(), kind.mutations, chance)


def in_folder(folder: Path) -> None:
    """Make a folder the current one, as the project's is for the stages."""
    os.chdir(folder)
