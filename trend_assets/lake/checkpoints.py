"""Storage of model checkpoints: folders on a disk, or object storage with local copies.

Whoever has the same settings sees the same ones. What they hold is checked by whoever opens them.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trend_assets.lake.location import LakeError, LakeLocation
from trend_assets.lake.object_storage import object_storage, reaching
from trend_assets.names import CHECKPOINT_DESCRIPTION, CHECKPOINT_TENSORS

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

#: A folder within `lake.data_path`, to which the access keys may be limited.
_FOLDER = "models"
#: The description is written last, so that its presence marks a complete checkpoint.
_FILES = (CHECKPOINT_TENSORS, CHECKPOINT_DESCRIPTION)


class CheckpointStore(Protocol):
    """Where checkpoints are, each under a name; a LakeError says that the storage fails, and what to do."""

    def address(self, name: str = "") -> str:
        """Where all are, or one, in words for people."""

    def names(self) -> list[str]:
        """Names of those that are there, and maybe of other folders."""

    def stamp(self, name: str) -> str:
        """Another one once the files of a checkpoint have changed."""

    def opened(self, name: str) -> Path:
        """A local folder of this name with the files that there are, as they are now."""

    def add(self, made: Path, name: str) -> None:
        """Moves a local checkpoint into the store, where none has this name."""

    def put_description(self, name: str) -> None:
        """Stores the description of an `opened` folder, which was changed there."""

    def drop_copies(self) -> None:
        """Deletes what this machine holds of them besides."""

    def need_rights(self) -> None:
        """Writes a small file and deletes it again."""


@cache
def checkpoint_store(location: LakeLocation) -> CheckpointStore:
    """Where the checkpoints of a lake are.

    Raises:
        LakeError: `lake.data_path` is neither a folder nor an address `s3://…`.
    """
    local = location.home / _FOLDER
    if not location.uses_storage:
        return FolderStore(Path(location.data_path) / _FOLDER if location.data_path else local)
    if not location.files.startswith("s3://"):
        raise LakeError(f"models are kept in a folder or under s3://, not in {location.files}: correct lake.data_path")
    return ObjectStore(location, local / "copies")


def take_over_checkpoints(location: LakeLocation) -> int:
    """Moves checkpoints that a release before kept in the home into the lake's storage; counts them.

    Where one of the same name is there already, the folder gets another name.
    """
    if location.data_path is None:
        return 0
    store, found = checkpoint_store(location), sorted((location.home / _FOLDER).glob("tgn-*"))
    known = set(store.names()) if found else set()
    moved = 0
    for folder in filter(Path.is_dir, found):
        if folder.name in known:
            # Another home with the same lake has stored it already; the local folder is no longer read.
            folder.rename(folder.with_name(f"not-taken-over-{folder.name}"))
        else:
            store.add(folder, folder.name)
            moved += 1
    return moved


class FolderStore:
    """Checkpoints in a folder of this machine, or one that several machines mount.

    Args:
        folder: of all; made when something is added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def address(self, name: str = "") -> str:
        """Where a checkpoint is, or all are."""
        return str(self._folder / name)

    def names(self) -> list[str]:
        """The names of all."""
        return [path.name for path in self._folder.iterdir() if path.is_dir()] if self._folder.is_dir() else []

    def stamp(self, name: str) -> str:
        """Another one whenever a file of the checkpoint was written again."""
        found = [path.stat() for path in (self._folder / name / file for file in _FILES) if path.is_file()]
        return _digest(f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}" for stat in found)

    def opened(self, name: str) -> Path:
        """The folder of a checkpoint, to be read."""
        return self._folder / name

    def add(self, made: Path, name: str) -> None:
        """Moves a folder in as a checkpoint, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # From another disk the move is a copy, which must not be visible before it is complete.
        waiting = Path(shutil.move(made, self._folder / f".{name}.new"))
        waiting.rename(self._folder / name)

    def put_description(self, name: str) -> None:
        """It was changed in its place."""

    def drop_copies(self) -> None:
        """There are none."""

    def need_rights(self) -> None:
        """Writes a temporary file."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".rights-"):
                pass
        except OSError as error:
            raise LakeError(f"{self._folder} cannot be written to: {error.strerror}") from None


class ObjectStore:
    """Checkpoints in object storage; each is copied once, and again when it has changed there.

    Args:
        location: with `s3://BUCKET/PREFIX` and its keys.
        copies: a folder of this machine for this alone.
    """

    def __init__(self, location: LakeLocation, copies: Path) -> None:
        self._location = location
        self._copies = copies
        self._base = f"{location.files.removeprefix('s3://').rstrip('/')}/{_FOLDER}"

    def address(self, name: str = "") -> str:
        """Where a checkpoint is, or all are."""
        return f"s3://{self._base}/{name}".rstrip("/")

    def names(self) -> list[str]:
        """The names of all that are complete."""
        from pyarrow.fs import FileSelector

        with self._explained():
            found = self._storage.get_file_info(FileSelector(self._base, recursive=True, allow_not_found=True))
        # An incomplete checkpoint has no description.
        return [Path(info.path).parent.name for info in found if info.base_name == CHECKPOINT_DESCRIPTION]

    def stamp(self, name: str) -> str:
        """Another one whenever a file of the checkpoint has other content."""
        return _digest(self._tags(name).values())

    def opened(self, name: str) -> Path:
        """The folder of this machine's copy, to be read."""
        tags = self._tags(name)
        folder = self._copies / _digest(tags.values()) / name
        if folder.is_dir():
            return folder
        self._copies.mkdir(parents=True, exist_ok=True)
        waiting = Path(tempfile.mkdtemp(prefix=".", dir=self._copies))
        try:
            (waiting / name).mkdir()
            for file in tags:
                with self._explained(), self._storage.open_input_stream(f"{self._base}/{name}/{file}") as source:
                    (waiting / name / file).write_bytes(source.read())
            # Another process may have been faster.
            with suppress(OSError):
                waiting.rename(folder.parent)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
        # The former files may hold forgotten data.
        for other in self._copies.glob(f"*/{name}"):
            if other != folder:
                shutil.rmtree(other.parent, ignore_errors=True)
        return folder

    def add(self, made: Path, name: str) -> None:
        """Uploads a folder as a checkpoint, its description last, and deletes the folder."""
        for file in _FILES:
            if (made / file).is_file():
                self._put(made / file, name)
        shutil.rmtree(made)

    def put_description(self, name: str) -> None:
        """Uploads the description that was changed in this machine's copy."""
        # The copy of before is the one that was changed.
        self._put(self.opened(name) / CHECKPOINT_DESCRIPTION, name)

    def drop_copies(self) -> None:
        """Deletes all copies of this machine."""
        shutil.rmtree(self._copies, ignore_errors=True)

    def need_rights(self) -> None:
        """Writes an empty object."""
        path = f"{self._base}/.rights-{secrets.token_hex(8)}"
        with self._explained():
            with self._storage.open_output_stream(path) as target:
                target.write(b"")
            self._storage.delete_file(path)

    def _put(self, path: Path, name: str) -> None:
        with self._explained(), self._storage.open_output_stream(f"{self._base}/{name}/{path.name}") as target:
            target.write(path.read_bytes())

    def _tags(self, name: str) -> dict[str, str]:
        """Files that there are to what the storage says of their content."""
        tags = {}
        for file in _FILES:
            with self._explained(), suppress(FileNotFoundError):
                with self._storage.open_input_file(f"{self._base}/{name}/{file}") as source:
                    tag = source.metadata()["ETag"]
                tags[file] = f"{file} {tag!r}"
        return tags

    @cached_property
    def _storage(self) -> S3FileSystem:
        return object_storage(self._location)

    def _explained(self) -> AbstractContextManager[None]:
        return reaching(self._location, f"the models in {self.address()}")


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
