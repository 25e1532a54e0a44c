"""Tar and zip: each member is a file of its own, and none of them reaches the file system."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping

import orjson
import polars as pl
import pytest

from trend_assets.sources.archive import unpacking
from trend_assets.sources.archive.files import ArchiveError, TruncatedArchive
from trend_assets.sources.archive.unpacking import Budget
from trend_assets_tests.sources.archive.reading import COLUMNS, PACK, Read, tweet, tweets, write

NOON = "2024-01-15T12:00:00Z"


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def lines_of(*numbers: int) -> bytes:
    return b"".join(orjson.dumps(tweet(n)) + b"\n" for n in numbers)


def by_member(read: Read) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = {}
    for batch in read.batches:
        found.setdefault(batch.member, []).extend(payload.event.content_id for payload in batch.payloads)
    return found


CONTAINERS = {
    "zip": zipped,
    **{f"tar, {name}": lambda files, pack=pack: pack(tarred(files)) for name, pack in PACK.items()},
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_each_member_is_a_file_of_its_own(tmp_path, container):
    files = {
        "a/posts.jsonl": lines_of(1, 2),
        "b/posts.jsonl": lines_of(3),
        "packed.jsonl.gz": gzip.compress(lines_of(4, 5), mtime=0),
    }
    path = write(tmp_path, CONTAINERS[container](files), "named.wrongly")
    read = Read(path, batch_rows=2)
    assert by_member(read) == {"a/posts.jsonl": ["1", "2"], "b/posts.jsonl": ["3"], "packed.jsonl.gz": ["4", "5"]}
    assert read.error is None
    assert read.progress == sorted(read.progress) and read.progress[-1] <= path.stat().st_size


def test_archives_within_archives_are_opened_to_a_depth(tmp_path):
    inner = zipped({"deep.jsonl": lines_of(1)})
    read = Read(write(tmp_path, tarred({"one.zip": inner, "two.jsonl": lines_of(2)})))
    assert by_member(read) == {"one.zip/deep.jsonl": ["1"], "two.jsonl": ["2"]}
    deeper = inner
    for level in range(4):
        deeper = zipped({f"{level}.zip": deeper, f"{level}.jsonl": lines_of(level + 10)})
    read = Read(write(tmp_path, deeper))
    assert {"13", "12", "11"} <= set(read.ids) and "1" not in read.ids
    assert any("unpack it first" in (batch.error or "") for batch in read.batches)


@pytest.mark.parametrize("container", ["zip", "tar, gzip"])
def test_members_that_are_no_posts_are_told_and_no_error(tmp_path, container):
    files = {
        "README.txt": b"These are posts.\nEnjoy, all of you, and be well!\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + os.urandom(300),
        "empty.json": b"",
        "__MACOSX/._posts.jsonl": b"\x00\x05\x16\x07",
        "posts.jsonl": lines_of(1),
    }
    read = Read(write(tmp_path, CONTAINERS[container](files)))
    assert read.ids == ["1"] and read.error is None and not read.rejections
    assert [batch.error for batch in read.batches if batch.error] == []
    told = {batch.member: batch.notes for batch in read.batches if batch.notes}
    assert set(told) == {"README.txt", "picture.png", "empty.json", ""}
    assert "an image" in told["picture.png"][0] and "neither JSON nor a table" in told["README.txt"][0]
    assert told[""] == ["1 files that a system added left out"]


def test_a_table_in_an_archive_that_needs_columns_is_an_error_of_its_own(tmp_path):
    path = write(
        tmp_path, zipped({"t.csv": f"id,when,body\n1,{NOON},a\n".encode(), "posts.jsonl": lines_of(7)}), "x.zip"
    )
    read = Read(path)
    assert read.ids == ["7"] and read.error is None
    errors = {batch.member: batch.error for batch in read.batches if batch.error}
    assert set(errors) == {"t.csv"} and errors["t.csv"].endswith(f"text=body {path}")
    assert Read(write(tmp_path, zipped({"t.csv": f"id,when,body\n1,{NOON},a\n".encode()})), COLUMNS).ids == ["1"]


def test_tables_of_all_kinds_in_an_archive(tmp_path):
    frame = io.BytesIO()
    pl.DataFrame({"id": [2], "when": [NOON], "body": ["b"]}).write_parquet(frame)
    csv = f"id,when,body\n1,{NOON},a\n".encode()
    read = Read(write(tmp_path, tarred({"a.csv": csv, "b.parquet": frame.getvalue()})), COLUMNS)
    assert by_member(read) == {"a.csv": ["1"], "b.parquet": ["2"]}


def test_names_and_links_reach_nothing_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secret = write(tmp_path, lines_of(99), "secret.jsonl")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("/etc/passwd", "../../outside.jsonl"):
            entry = tarfile.TarInfo(name)
            entry.size = len(lines_of(1))
            archive.addfile(entry, io.BytesIO(lines_of(1)))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo(f"link-{kind!r}")
            entry.type, entry.linkname = kind, str(secret)
            archive.addfile(entry)
    before = sorted(tmp_path.rglob("*"))
    read = Read(write(tmp_path, packed.getvalue(), "a.tar"))
    assert by_member(read) == {"/etc/passwd": ["1"], "../../outside.jsonl": ["1"], "": []}
    assert read.notes == ["3 links and devices left out"]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "a.tar"])
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, str(secret))
        archive.writestr("../up.jsonl", lines_of(2))
    assert Read(write(tmp_path, packed.getvalue())).ids == ["2"]


def test_a_damaged_member_is_told_and_the_others_are_read(tmp_path):
    files = {name: b"".join(orjson.dumps(tweet(n, text=os.urandom(40).hex())) + b"\n" for n in numbers)
             for name, numbers in {"a": range(100), "b": range(100, 200), "c": range(200, 300)}.items()}  # fmt: skip
    data = bytearray(zipped(files))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.getinfo("b").header_offset + 500
    data[start : start + 50] = b"\xff" * 50
    read = Read(write(tmp_path, bytes(data)))
    assert {str(n) for n in (*range(100), *range(200, 300))} <= set(read.ids)
    assert [batch.member for batch in read.batches if batch.error] == ["b"]
    assert "damaged" in next(batch.error for batch in read.batches if batch.error)
    assert read.error is None


def test_an_encrypted_member_is_told(tmp_path):
    data = bytearray(zipped({"secret.jsonl": lines_of(1)}))
    for start in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[start] |= 1
    with pytest.raises(ArchiveError, match="is encrypted: unpack it with its password first"):
        raise Read(write(tmp_path, bytes(data))).error


@pytest.mark.parametrize("pack", ["plain", "gzip"])
def test_a_tar_that_breaks_off_keeps_what_came_before(tmp_path, pack):
    noise = {n: b"".join(orjson.dumps(tweet(n * 100 + k, text=os.urandom(300).hex())) + b"\n" for k in range(50))
             for n in range(1, 4)}  # fmt: skip
    packed = PACK[pack](tarred({f"{n}.jsonl": data for n, data in noise.items()}))
    read = Read(write(tmp_path, packed[: len(packed) // 2]))
    assert isinstance(read.error, TruncatedArchive)
    assert {str(100 + k) for k in range(50)} <= set(read.ids) and len(read.ids) < 150


@pytest.mark.parametrize("data", [tarred({}), zipped({}), tarred({"a.txt": b"hello there"}), zipped({"a.txt": b"\n"})])
def test_an_archive_without_events_is_an_error(tmp_path, data):
    with pytest.raises(ArchiveError, match=r"no file in file\.bin gives an event"):
        raise Read(write(tmp_path, data)).error


def test_a_zip_that_lacks_its_end_is_told(tmp_path):
    with pytest.raises(ArchiveError, match="damaged zip archive, perhaps cut off"):
        raise Read(write(tmp_path, zipped({"a.jsonl": tweets(100)})[:-30])).error


def test_a_bomb_is_not_read_on(tmp_path, monkeypatch):
    monkeypatch.setattr(Budget, "FREE", 8 << 20)
    bomb = zipped({"bomb.jsonl": b'{"a": "' + b"x" * (60 << 20), "after.jsonl": lines_of(1)})
    read = Read(write(tmp_path, bomb))
    assert "unpacks to more than 500 times its size" in str(read.error) and not read.ids
    nested = Read(write(tmp_path, zipped({"a.zip": zipped({"b.zip": bomb})})))
    assert "unpacks to more than" in str(nested.error)


def test_a_pipe_with_a_zip_or_a_table_is_kept_in_a_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_IN_MEMORY", 10)
    frame = io.BytesIO()
    pl.DataFrame({"id": [2], "when": [NOON], "body": ["b"]}).write_parquet(frame)
    for data, columns in ((zipped({"a.jsonl": lines_of(2)}), None), (frame.getvalue(), COLUMNS)):
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        assert Read(tmp_path.__class__(f"/dev/fd/{reading}"), columns).ids == ["2"]
        os.close(reading)
