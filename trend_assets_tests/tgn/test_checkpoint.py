from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import torch

from trend_assets.tgn.checkpoint import (
    DESCRIPTION,
    TENSORS,
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tensors = {"weights": torch.randn(50, 3), "ids": torch.arange(4)}
    save_checkpoint(tmp_path / "one", "model", Checkpoint(tensors, {"seed": 3, "labels": ["bursts"]}))
    return tmp_path / "one"


def test_gives_back_what_was_saved_and_leaves_nothing_else(folder: Path) -> None:
    found = load_checkpoint(folder, "model")
    assert found.metadata == {"seed": 3, "labels": ["bursts"]}
    assert found.tensors["weights"].shape == (50, 3)
    assert torch.equal(found.tensors["ids"], torch.arange(4))
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([TENSORS, DESCRIPTION])


def test_names_the_versions(folder: Path) -> None:
    description = orjson.loads((folder / DESCRIPTION).read_bytes())
    assert description["torch"] == torch.__version__
    assert description["trend_assets"]


def test_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(FileExistsError):
        save_checkpoint(folder, "model", Checkpoint({}, {}))


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save_checkpoint(tmp_path / "one", "model", Checkpoint({}, {"not json": object()}))
    assert list(tmp_path.iterdir()) == []


def truncate(folder: Path) -> None:
    data = (folder / TENSORS).read_bytes()
    (folder / TENSORS).write_bytes(data[:-10])


def flip(folder: Path) -> None:
    data = bytearray((folder / TENSORS).read_bytes())
    data[-7] ^= 4
    (folder / TENSORS).write_bytes(data)


def edit(folder: Path) -> None:
    text = (folder / DESCRIPTION).read_bytes().replace(b'"seed": 3', b'"seed": 4')
    (folder / DESCRIPTION).write_bytes(text)


def foreign_json(folder: Path) -> None:
    (folder / DESCRIPTION).write_bytes(b'{"a": 1}')


def no_json(folder: Path) -> None:
    (folder / DESCRIPTION).write_bytes(b"\x80\x04pickle")


def no_tensors(folder: Path) -> None:
    (folder / TENSORS).unlink()


def no_description(folder: Path) -> None:
    (folder / DESCRIPTION).unlink()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "bytes long"),
        (flip, "SHA-256"),
        (edit, "changed"),
        (foreign_json, "does not describe"),
        (no_json, "no JSON"),
        (no_tensors, "cannot be read"),
        (no_description, "cannot be read"),
    ],
)
def test_a_damaged_one_is_refused_with_a_reason(folder: Path, damage, reason: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=reason):
        load_checkpoint(folder, "model")


def test_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="not a 'forecaster'"):
        load_checkpoint(folder, "forecaster")
