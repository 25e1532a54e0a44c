"""Checkpoints: a safetensors file and a JSON file beside it; loading one never executes code."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import safetensors
import safetensors.torch
import torch
from torch import Tensor

import trend_assets
from trend_assets.errors import TrendError
from trend_assets.names import CHECKPOINT_DESCRIPTION as DESCRIPTION
from trend_assets.names import CHECKPOINT_TENSORS as TENSORS

_FORMAT = "trend_assets.tgn"
_VERSION = 1


class CheckpointError(TrendError):
    """A checkpoint that is not to be used; the message is the reason, in a user's words."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint holds.

    Args:
        tensors: by name.
        metadata: JSON values.
    """

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, Any]


def save_checkpoint(folder: Path, kind: str, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint into a new folder, all of it or nothing.

    Args:
        folder: must not exist yet; its parent is made.
        kind: what the tensors are, which `load_checkpoint` must be told.

    Raises:
        FileExistsError: the folder exists.
    """
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} exists: a checkpoint is never overwritten")
    folder.parent.mkdir(parents=True, exist_ok=True)
    data = safetensors.torch.save({name: value.contiguous() for name, value in checkpoint.tensors.items()})
    description = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "kind": kind,
        "torch": torch.__version__,
        "trend_assets": trend_assets.__version__,
        "tensors": {"file": TENSORS, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "metadata": dict(checkpoint.metadata),
    }
    description["sha256"] = _digest(description)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write(temporary / TENSORS, data)
        _write(temporary / DESCRIPTION, orjson.dumps(description, option=orjson.OPT_INDENT_2))
        temporary.chmod(0o755)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def load_checkpoint(folder: Path, kind: str, wanted: Callable[[str], bool] = lambda name: True) -> Checkpoint:
    """Reads a checkpoint after checking that it is whole, unchanged, and of the kind asked for.

    Args:
        folder: where it is.
        kind: as it was saved.
        wanted: whether the tensor of a name is read.

    Raises:
        CheckpointError: it is missing, truncated, changed, of another kind, or of a newer release.
    """
    folder = Path(folder)
    description = _read_description(folder / DESCRIPTION)
    if description["kind"] != kind:
        raise CheckpointError(f"{folder} holds a {description['kind']!r}, not a {kind!r}")
    expected = description["tensors"]
    path = folder / TENSORS
    try:
        size, found = path.stat().st_size, _file_digest(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if size != expected["bytes"]:
        raise CheckpointError(f"{path} is {size} bytes long, not {expected['bytes']}: truncated or foreign")
    if found != expected["sha256"]:
        raise CheckpointError(f"{path} does not have the SHA-256 noted in {DESCRIPTION}")
    try:
        with safetensors.safe_open(path, framework="pt") as opened:
            # A copy, for a file that is mapped must stay as it is.
            tensors = {name: opened.get_tensor(name).clone() for name in opened.keys() if wanted(name)}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path} is no safetensors file: {error}") from error
    return Checkpoint(tensors, description["metadata"])


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rewrite_metadata(folder: Path, kind: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> bool:
    """Changes what a checkpoint says beside its tensors, in one step; says whether anything was changed.

    Args:
        change: from the metadata to what takes their place.

    Raises:
        CheckpointError: it is missing, changed, of another kind, or of a newer release.
    """
    description = _read_description(folder / DESCRIPTION)
    if description["kind"] != kind:
        raise CheckpointError(f"{folder} holds a {description['kind']!r}, not a {kind!r}")
    changed = dict(change(description["metadata"]))
    if changed == description["metadata"]:
        return False
    description["metadata"] = changed
    description["sha256"] = _digest(description)
    temporary = folder / f".{DESCRIPTION}.new"
    _write(temporary, orjson.dumps(description, option=orjson.OPT_INDENT_2))
    temporary.replace(folder / DESCRIPTION)
    return True


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description = orjson.loads(_read(path))
    except orjson.JSONDecodeError as error:
        raise CheckpointError(f"{path} is no JSON: {error}") from error
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise CheckpointError(f"{path} does not describe a checkpoint of this project")
    version = description.get("format_version")
    if version != _VERSION:
        raise CheckpointError(f"{path} has format version {version!r}; this release reads {_VERSION}")
    noted = description.pop("sha256", None)
    if noted != _digest(description):
        raise CheckpointError(f"{path} was changed after it was written")
    return description


def _digest(description: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(description, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
