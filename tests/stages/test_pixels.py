"""Stage `pixels`: from photos and `images` to one array, or one line and nothing changed."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from ruamel.yaml import YAML

from pipeline.data import pixels
from pipeline.data.decode import read_squashed
from pipeline.data.pixel_store import open_pixel_store
from pipeline.tables.build import build_tables, write_tables
from stages.entry import run_stage
from stages.pixels import PathsBelow, main
from tests.conftest import ROOT
from tests.data.making import labels

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
COLOURS = [(200, 10, 20), (30, 210, 40), (50, 60, 220)]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Work in a project folder that has three photos, their tables and 32-pixel parameters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["pixels"])
    photos = tmp_path / "data/source/photos"
    photos.mkdir(parents=True)
    for index, colour in enumerate(COLOURS):
        Image.new("RGB", (40 + index, 30), colour).save(photos / f"{index}.jpg")
    write_tables(tmp_path / "data/tables", build_tables(of_photos()))
    write_params(tmp_path, 32)
    return tmp_path


def of_photos():
    """Return labels of the photos, the last one first."""
    sizes = [{"id": i, "file_name": f"{i}.jpg", "width": 40 + i, "height": 30} for i in (2, 1, 0)]
    boxes = [
        {"id": i, "image_id": i, "category_id": 1, "bbox": [0, 0, 9, 9], "ignore": 0}
        for i in (0, 1)
    ]
    found = labels(
        {
            "images": [size | {"split": "train"} for size in sizes],
            "annotations": boxes,
            "categories": [{"id": 1, "name": "cat"}],
        }
    )
    photos = pa.array([f"photos/{i}.jpg" for i in (2, 1, 0)])
    column = found.images.schema.get_field_index("photo")
    return replace(found, images=found.images.set_column(column, "photo", photos))


def write_params(folder, size, shard_photos=20000):
    yaml = YAML()
    params = yaml.load((ROOT / "params.yaml").read_text())
    params["pixels"] |= {"size": size, "shard_photos": shard_photos}
    yaml.dump(params, folder / "params.yaml")


def test_the_photos_are_stored_in_the_order_of_the_table(project, capsys):
    run_stage(main)
    store = open_pixel_store(project / "data/pixels/photos.npy")
    assert store.shape == (3, 32, 32, 3)
    middle = store[:][:, 16, 16].astype(int)
    assert np.abs(middle - COLOURS[::-1]).max() <= 3  # JPEG
    shown = capsys.readouterr().out
    assert shown == "data/pixels/photos.npy: 3 photos of 32 x 32 pixels\n"
    assert sorted(path.name for path in (project / "data").iterdir()) == [
        *("pixels", "source", "tables")
    ]


def test_paths_are_those_of_the_column():
    paths = PathsBelow(Path("data/source"), pa.chunked_array([["a.jpg", "b/c.jpg"], ["d.jpg"]]))
    wanted = [Path("data/source", name) for name in ("a.jpg", "b/c.jpg", "d.jpg")]
    assert list(paths) == wanted and len(paths) == 3
    assert list(paths[1:]) == wanted[1:] and paths[-1] == wanted[-1]


def _remove_photo(project):
    (project / "data/source/photos/1.jpg").unlink()


def _damage_photo(project):
    (project / "data/source/photos/1.jpg").write_bytes(b"")


def _swap_photo(project):
    Image.new("RGB", (20, 20)).save(project / "data/source/photos/1.jpg")


def _mistype_params(project):
    write_params(project, "large")


def _remove_table(project):
    (project / "data/tables/images.parquet").unlink()


def _damage_table(project):
    (project / "data/tables/images.parquet").write_bytes(b"PAR1")


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_remove_photo, "1.jpg: photo: no such file; "),
        (_damage_photo, "1.jpg: photo: does not decode "),
        (_swap_photo, "1.jpg: size: the photo is 20 x 20 pixels and the annotations say 41 x 30; "),
        (_mistype_params, "params.yaml: pixels.size = 'large'"),
        (_remove_table, "images.parquet: no such file; run the tables stage first"),
        (_damage_table, "images.parquet: not a Parquet file, or damaged ("),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_earlier_store(project, capsys, spoil, line):
    run_stage(main)
    before = (project / "data/pixels/photos.npy").read_bytes()
    capsys.readouterr()
    spoil(project)
    with pytest.raises(SystemExit) as end:
        run_stage(main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    assert shown.err.startswith("error: ") and line in shown.err and shown.err.count("\n") == 1
    assert (project / "data/pixels/photos.npy").read_bytes() == before
    assert not (project / "data/.pixels.partial").exists()


def test_what_was_made_before_a_failure_is_not_made_again(project, monkeypatch, capsys):
    write_params(project, 32, shard_photos=1)
    _damage_photo(project)  # the second of three
    with pytest.raises(SystemExit):
        run_stage(main)
    first = "photos-00000-of-00003.npy"
    left = project / "data/.pixels.partial"
    assert sorted(file.name for file in left.iterdir()) == [first, f"{first}.sha256"]
    Image.new("RGB", (41, 30), COLOURS[1]).save(project / "data/source/photos/1.jpg")
    decoded = []

    def seen(path, *rest):
        decoded.append(path.name)
        return read_squashed(path, *rest)

    monkeypatch.setattr(pixels, "read_squashed", seen)
    run_stage(main)
    assert decoded == ["1.jpg", "0.jpg"]
    middle = open_pixel_store(project / "data/pixels/photos.npy")[:][:, 16, 16].astype(int)
    assert np.abs(middle - COLOURS[::-1]).max() <= 3
    assert not left.exists()


def test_a_message_names_the_users_own_photo(project, capsys):
    shutil.copytree(project / "data/source", project / "mine/set")
    _damage_photo(project)
    yaml = YAML()
    params = yaml.load((project / "params.yaml").read_text())
    params["fetch"] |= {"source": "local", "path": "mine"}
    yaml.dump(params, project / "params.yaml")
    with pytest.raises(SystemExit):
        run_stage(main)
    assert capsys.readouterr().err.startswith("error: mine/set/photos/1.jpg: photo: does not dec")


def test_as_a_command(project):
    command = [sys.executable, "-m", "stages.pixels"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "data/pixels/photos.npy: 3 photos of 32 x 32 pixels\n"
    assert done.stderr.startswith("pixels: 3/3 photos, ")
    assert done.stderr.count("\n") == 1
