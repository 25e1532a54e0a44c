"""Files as they come out of broken disks, editors and exporters: a seeded mutation of a sound file."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable, Sequence

import zstandard

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]

_CODECS = ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "utf-32", "cp037", "shift_jis")
_PLANTED = (b"\x00", b'"', b"\n", b"\r", b"{", b"]", b",", b"\xff", b"\xef\xbb\xbf", b"NaN", b"1e999", b"\\ud800", b"#")


def flip_bits(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if flipped:
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def truncate(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data[: rng.randint(0, len(data))]


def swap_encoding(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data.decode("utf-8", "replace").encode(rng.choice(_CODECS), "replace")


def shuffle_lines(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def repeat_lines(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    return b"\n".join([*lines, *rng.choices(lines, k=rng.randint(1, 5))])


def plant(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(data))
    return data[:place] + rng.choice(_PLANTED) * rng.choice((1, 1, 1, 40)) + data[place:]


def cut_out(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
    return data[:first] + data[last:]


def splice(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def nest(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    for _ in range(rng.randint(1, 3)):
        data = rng.choice((gzip.compress, bz2.compress, zstandard.ZstdCompressor().compress, _tar, _zip))(data)
        if rng.random() < 0.3:
            data = rng.choice((flip_bits, truncate))(rng, data, others)
    return data


def _tar(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("posts/one", "../two"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def _zip(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", data)
        archive.writestr("folder/two", data)
    return packed.getvalue()


MUTATIONS: Sequence[Mutation] = (
    flip_bits,
    truncate,
    swap_encoding,
    shuffle_lines,
    repeat_lines,
    plant,
    cut_out,
    splice,
    nest,
)


def mutated(seed: int, sound: Sequence[bytes]) -> bytes:
    """One of the sound files after one to three mutations; the same seed gives the same bytes."""
    rng = random.Random(seed)
    data = rng.choice(sound)
    for _ in range(rng.randint(1, 3)):
        data = rng.choice(MUTATIONS)(rng, data, sound)
    return data
