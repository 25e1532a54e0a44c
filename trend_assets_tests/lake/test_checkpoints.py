"""Checkpoints in the lake's storage: a folder, or a real server that speaks S3; two machines, one store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trend_assets.lake.checkpoints import checkpoint_store
from trend_assets.lake.location import LakeError, LakeLocation, lake_location
from trend_assets.lake.maintenance import remove_files
from trend_assets.lake.store import Lake
from trend_assets_tests.lake import test_storage as storage

bucket = storage.bucket
NAME = "tgn-2026-02-02-s3"
Machine = Callable[[str], LakeLocation]


def made(folder: Path, tensors: bytes = b"tensors", description: bytes = b"{}") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(tensors)
    (folder / "model.json").write_bytes(description)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["folder", "s3"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """Homes of several machines whose `lake.data_path` is the same."""
    if request.param == "folder":
        return lambda name: LakeLocation(tmp_path / name, data_path=str(tmp_path / "files"))
    endpoint = request.getfixturevalue("bucket")
    path = f"s3://trend/{tmp_path.name}/deep"
    return lambda name: lake_location(storage.settings(tmp_path / name, endpoint, path))


def test_what_one_machine_adds_the_other_opens(machine: Machine, tmp_path: Path) -> None:
    one, other = checkpoint_store(machine("one")), checkpoint_store(machine("other"))
    assert one.names() == other.names() == []
    one.add(made(tmp_path / "made"), NAME)
    assert not (tmp_path / "made").exists()
    assert one.names() == other.names() == [NAME]
    assert one.address(NAME) == other.address(NAME) and one.address(NAME).endswith(f"/models/{NAME}")
    assert one.stamp(NAME) == other.stamp(NAME)
    opened = other.opened(NAME)
    assert opened.name == NAME and contents(opened) == {"model.safetensors": b"tensors", "model.json": b"{}"}


def test_it_is_copied_once_and_again_when_it_has_changed(machine: Machine, tmp_path: Path) -> None:
    one, other = checkpoint_store(machine("one")), checkpoint_store(machine("other"))
    one.add(made(tmp_path / "made"), NAME)
    first, stamp = other.opened(NAME), other.stamp(NAME)
    inode = (first / "model.safetensors").stat().st_ino
    assert other.opened(NAME) == first and (first / "model.safetensors").stat().st_ino == inode
    (one.opened(NAME) / "model.json").write_bytes(b'{"changed": 1}')
    one.put_description(NAME)
    assert other.stamp(NAME) != stamp
    last = other.opened(NAME)
    assert contents(last) == {"model.safetensors": b"tensors", "model.json": b'{"changed": 1}'}
    assert last == first or not first.exists()
    other.drop_copies()
    assert contents(other.opened(NAME))["model.json"] == b'{"changed": 1}'


def test_an_upload_that_was_cut_short_is_no_model_and_is_made_up_for(bucket: str, tmp_path: Path) -> None:
    store = checkpoint_store(lake_location(storage.settings(tmp_path / "one", bucket, f"s3://trend/{tmp_path.name}")))
    (made(tmp_path / "half") / "model.json").unlink()
    store.add(tmp_path / "half", NAME)
    assert store.names() == [] and contents(store.opened(NAME)) == {"model.safetensors": b"tensors"}
    store.add(made(tmp_path / "made"), NAME)
    assert store.names() == [NAME] and set(contents(store.opened(NAME))) == {"model.safetensors", "model.json"}


def test_models_of_the_home_move_once_to_a_storage_that_is_elsewhere(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    location = machine("one")
    made(location.home / "models" / NAME)
    (location.home / "models" / "live").mkdir()
    Lake(location).close()
    store = checkpoint_store(location)
    assert store.names() == [NAME] and contents(store.opened(NAME))["model.safetensors"] == b"tensors"
    assert not (location.home / "models" / NAME).exists() and (location.home / "models" / "live").exists()
    (told,) = [record.getMessage() for record in caplog.records if "are moved to" in record.getMessage()]
    assert told == f"1 models of {location.home / 'models'} are moved to {store.address()}"
    caplog.clear()
    made(location.home / "models" / NAME, b"of a second home")
    Lake(location).close()
    assert not [record for record in caplog.records if "are moved to" in record.getMessage()]
    assert contents(store.opened(NAME))["model.safetensors"] == b"tensors"
    assert (
        location.home / "models" / f"not-taken-over-{NAME}" / "model.safetensors"
    ).read_bytes() == b"of a second home"


def test_maintenance_leaves_them_alone(machine: Machine, tmp_path: Path) -> None:
    location = machine("one")
    lake, store = Lake(location), checkpoint_store(location)
    store.add(made(tmp_path / "made"), NAME)
    remove_files(lake)
    assert set(contents(store.opened(NAME))) == {"model.safetensors", "model.json"}
    lake.close()


def test_without_a_data_path_they_are_in_the_home(tmp_path: Path) -> None:
    assert checkpoint_store(LakeLocation(tmp_path)).address(NAME) == str(tmp_path / "models" / NAME)


def test_a_storage_that_fails_is_told_without_its_keys(bucket: str, tmp_path: Path) -> None:
    chosen = storage.settings(tmp_path, bucket, "s3://elsewhere/a")
    with pytest.raises(LakeError, match="the models in s3://elsewhere/a/models cannot be reached") as told:
        checkpoint_store(lake_location(chosen)).add(made(tmp_path / "made"), NAME)
    assert "asecretkey" not in str(told.value) and "anid" not in str(told.value)
    with pytest.raises(LakeError, match="does not answer"):
        checkpoint_store(lake_location(storage.settings(tmp_path, "127.0.0.1:1"))).names()
    with pytest.raises(LakeError, match=r"not in gs://b/: correct lake\.data_path"):
        checkpoint_store(LakeLocation(tmp_path, data_path="gs://b/"))
