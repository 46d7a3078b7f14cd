"""Downloads from a local server that can break off, lie, or refuse to resume."""

import gzip
import io
import re
import tarfile
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.layout import find_set
from pipeline.formats.read import read_labels
from pipeline.sources.archives import OFFICIAL, Archive, download, download_all, unpack
from pipeline.sources.copies import copy_set
from tests.data.making import Server, sha256, tar_of, voc_files


def test_an_empty_file(tmp_path: Path, server: Server) -> None:
    download([server.url], tmp_path / "set.tar", sha256(b""))
    assert (tmp_path / "set.tar").read_bytes() == b""


def test_download_makes_the_file_and_a_second_call_asks_nothing(
    tmp_path: Path, server: Server
) -> None:
    server.content = bytes(range(256)) * 9000  # more than two blocks
    for _ in range(2):
        download([server.url], tmp_path / "new/set.tar", sha256(server.content))
    assert (tmp_path / "new/set.tar").read_bytes() == server.content
    assert server.ranges == [None]
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["set.tar"]


def test_an_interrupted_download_goes_on_where_it_broke_off(tmp_path: Path, server: Server) -> None:
    server.content, server.break_after = bytes(range(256)) * 10, 1000
    path = tmp_path / "set.tar"
    with pytest.raises(InputError, match=r"set.tar: download failed: .*; run again to resume"):
        download([server.url], path, sha256(server.content))
    assert not path.exists()
    assert path.with_name("set.tar.partial").read_bytes() == server.content[:1000]
    server.break_after = None
    download([server.url], path, sha256(server.content))
    assert path.read_bytes() == server.content
    assert server.ranges == [None, "bytes=1000-"]


def test_a_server_that_cannot_resume_sends_all_of_it_again(tmp_path: Path, server: Server) -> None:
    server.content, server.resumes = b"whole file", False
    (tmp_path / "set.tar.partial").write_bytes(b"whole")
    download([server.url], tmp_path / "set.tar", sha256(server.content))
    assert (tmp_path / "set.tar").read_bytes() == b"whole file"


def test_a_partial_file_that_is_whole_already_is_taken(tmp_path: Path, server: Server) -> None:
    server.content = b"whole file"
    (tmp_path / "set.tar.partial").write_bytes(b"whole file")
    download([server.url], tmp_path / "set.tar", sha256(server.content))
    assert (tmp_path / "set.tar").read_bytes() == b"whole file"


def test_a_wrong_digest_is_refused_and_the_next_call_starts_over(
    tmp_path: Path, server: Server
) -> None:
    server.content = b"something else"
    with pytest.raises(InputError, match=r"set.tar: download failed: .*SHA-256 is .*, expected"):
        download([server.url], tmp_path / "set.tar", sha256(b"the archive"))
    assert list(tmp_path.iterdir()) == []
    server.content = b"the archive"
    download([server.url], tmp_path / "set.tar", sha256(b"the archive"))
    assert server.ranges == [None, None]


def test_a_file_that_was_damaged_later_is_fetched_again(tmp_path: Path, server: Server) -> None:
    server.content = b"the archive"
    (tmp_path / "set.tar").write_bytes(b"the archivf")
    download([server.url], tmp_path / "set.tar", sha256(server.content))
    assert (tmp_path / "set.tar").read_bytes() == b"the archive"


def test_the_second_address_serves_where_the_first_fails(tmp_path: Path, server: Server) -> None:
    server.content = b"the archive"
    absent = server.url.replace("set.tar", "absent.tar")
    download([absent, server.url], tmp_path / "set.tar", sha256(server.content))
    assert (tmp_path / "set.tar").read_bytes() == b"the archive"


def test_no_server_at_all_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set.tar: download failed: http://127.0.0.1:1/x") as e:
        download(["http://127.0.0.1:1/x"], tmp_path / "set.tar", sha256(b""))
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", ["../evil.txt", "good/../../evil.txt"])
def test_a_tar_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "set.tar").write_bytes(tar_of({name: b"evil"}))
    with pytest.raises(InputError, match=r"set.tar: .*evil.txt.*; do not use this archive"):
        unpack(tmp_path / "set.tar", tmp_path / "inside")
    assert not (tmp_path / "evil.txt").exists()


def test_a_link_that_points_out_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../outside"
        tar.addfile(link)
    with pytest.raises(InputError, match=r"set.tar: .*link.*; do not use"):
        unpack(tmp_path / "set.tar", tmp_path / "inside")


def test_a_python_without_the_filter_is_named_and_nothing_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data_filter", "FilterError"):
        monkeypatch.delattr(tarfile, name)
    (tmp_path / "set.tar").write_bytes(tar_of({"a.txt": b"a"}))
    with pytest.raises(InputError, match=r"set.tar: Python 3\.\S+ cannot unpack it safely; make"):
        unpack(tmp_path / "set.tar", tmp_path / "inside")
    assert not (tmp_path / "inside").exists()


def test_absolute_names_are_taken_below_the_folder(tmp_path: Path) -> None:
    kept = tmp_path / "a.txt"  # where `tar --absolute-names` has found it
    kept.write_bytes(b"kept")
    inside = tmp_path / "inside"
    for number, content in enumerate((b"first", b"second")):
        (tmp_path / f"{number}.tar").write_bytes(tar_of({str(kept): content}))
    unpack(tmp_path / "0.tar", inside, replace=False)
    with pytest.raises(InputError, match=r"1\.tar: '.*a\.txt' occurs twice, or is in another"):
        unpack(tmp_path / "1.tar", inside, replace=False)
    assert [file.read_bytes() for file in inside.rglob("a.txt")] == [b"first"]
    assert kept.read_bytes() == b"kept"


@pytest.mark.parametrize("cut", [0, 700])
def test_a_tar_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    (tmp_path / "set.tar").write_bytes(tar_of({"a.txt": b"a" * 2000})[:cut])
    with pytest.raises(
        InputError, match=r"set.tar: not a whole tar file, or damaged \(.*\); fetch it again"
    ):
        unpack(tmp_path / "set.tar", tmp_path / "inside")


def _odd(name: str, **fields: object) -> bytes:
    """Return a tar file with one member whose header is odd."""
    buffer = io.BytesIO()
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(member, io.BytesIO(bytes(max(0, member.size))))
    return buffer.getvalue()


TWO = tar_of({"a.txt": b"a" * 600, "b.txt": b"b"})  # the second header is at 1536


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (TWO[:1536], "no member and no end at byte 1536"),  # cut at the end of a member
        (TWO[:1600], "no member and no end at byte 1536"),  # in a header
        (TWO[:1540] + b"?" + TWO[1541:], "no member and no end at byte 1536"),  # damaged
        (TWO[:1536] + bytes(512) + TWO[2048:], "continues after its end at byte 1536"),
        (TWO + TWO, "continues after its end at byte 2560"),  # of two archives in one file
    ],
)
def test_members_that_would_be_missed_are_told(tmp_path: Path, content: bytes, where: str) -> None:
    (tmp_path / "set.tar").write_bytes(content)
    with pytest.raises(InputError, match=f"set.tar: not a whole tar file, or damaged .{where}"):
        unpack(tmp_path / "set.tar", tmp_path / "out")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(tar_of({"a.txt": bytes(1000)}), mtime=0),
        _odd("link", type=tarfile.LNKTYPE, linkname="nowhere"),
        _odd("a" * 300 + ".txt"),
        _odd("a.txt", size=2000)[:600],
        _odd("a.txt", type=tarfile.GNUTYPE_SPARSE),
        _odd("a.txt").replace(b"0000644", b"zzzzzzz"),
    ],
)
def test_odd_headers_are_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "set.tar").write_bytes(content)
    with pytest.raises(InputError, match=r"set\.tar: .*; (fetch it again|do not use this archive)"):
        unpack(tmp_path / "set.tar", tmp_path / "inside")


def test_official_archives_become_one_set(tmp_path: Path, server: Server) -> None:
    server.content = tar_of(voc_files("000001", "000002"))
    archive = Archive((server.url,), sha256(server.content))
    download_all([archive], tmp_path / "downloads", tmp_path / "unpacked")
    copy_set(find_set(tmp_path / "unpacked"), tmp_path / "source")
    labels = read_labels(tmp_path / "source")
    assert labels.images["id"].to_pylist() == [1, 2]
    assert labels.boxes[0].tolist() == [0, 0, 2, 2]
    assert (tmp_path / "source/JPEGImages/000002.jpg").read_bytes() == b"000002"
    assert (tmp_path / "downloads/set.tar").is_file(), "kept for the next time"


def test_official_archives_are_pinned() -> None:
    names = {kind: [archive.name for archive in OFFICIAL[kind]] for kind in OFFICIAL}
    assert names == {
        "voc2007": ["VOCtrainval_06-Nov-2007.tar", "VOCtest_06-Nov-2007.tar"],
        "voc2012": ["VOCtrainval_11-May-2012.tar"],
    }
    for archives in OFFICIAL.values():
        for archive in archives:
            assert re.fullmatch("[0-9a-f]{64}", archive.sha256)
            assert archive.urls[0].startswith("http://host.robots.ox.ac.uk/pascal/VOC/voc20")
