"""What a forecast goes on from, kept in a folder: the mentions, what is derived from them, and a network's memory.

It opens in a fraction of a second however much there is, because only what is looked at is read, and saving it costs
what has come since it was opened. It is a shortcut: without it everything is read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import torch
import xxhash
from filelock import FileLock, Timeout

from trend_assets.errors import TrendError
from trend_assets.forecasting.history import History
from trend_assets.forecasting.mentions import Derived, Mentions, Names
from trend_assets.graph.array_files import ArrayFiles, DamagedArrays
from trend_assets.graph.interactions import Interactions, interactions_of, node_count
from trend_assets.graph.saved_objects import SavedObjects
from trend_assets.tgn.outcomes import Outcomes
from trend_assets.tgn.participants import ParticipantIndex
from trend_assets.tgn.precedents import PrecedentIndex
from trend_assets.tgn.records import Record
from trend_assets.tgn.stream import RollingState

_DESCRIPTION = "state.json"
_FORMAT = 2
#: Of the network's nodes so many may have changed before all of them are written again.
_CHANGED_SHARE = 4


class StateError(TrendError):
    """A state that cannot be gone on from; the message is the reason."""


@dataclass(slots=True)
class LiveState:
    """A state that was opened or saved.

    Args:
        history: all mentions.
        about: JSON values by which whoever saved it tells whether it still fits.
        network: what `resume_network` needs; None where no model had served.
    """

    history: History
    about: Mapping[str, Any]
    network: Mapping[str, Any] | None
    _files: ArrayFiles = field(repr=False)
    _digest: str = field(repr=False)

    @classmethod
    def open(cls, folder: Path) -> LiveState:
        """The state in a folder.

        Raises:
            StateError: there is none, or it is damaged or of another release.
        """
        try:
            written = (folder / _DESCRIPTION).read_bytes()
            description = orjson.loads(written)
            content, digest = description["content"], description["xxh3"]
            if digest != _digest(content) or content["format"] != _FORMAT:
                raise StateError(f"{folder / _DESCRIPTION} was changed, or is of another release")
            files = ArrayFiles(folder, content["arrays"])
            files.check()
            history = _history(_objects(files), content["history"], content["derived"])
            return cls(history, content["about"], content["network"], files, digest)
        except FileNotFoundError:
            raise StateError("none was saved") from None
        except (KeyError, OSError, TypeError, ValueError, DamagedArrays) as error:
            raise StateError(f"{folder}: {error}") from None

    def resume_network(self, rolling: RollingState) -> None:
        """Lets a rolling state go on from where the saved one was; its weights must be those of the saved one's model.

        Raises:
            StateError: there is none, or it does not fit the network.
        """
        saved = self.network
        if saved is None:
            raise StateError("no network was saved")
        try:
            state = {name: torch.from_numpy(self._files.roomy(_base(name))) for name, _ in rolling.model.state()}
            if saved["size"] > saved["base"]:
                changed = torch.from_numpy(self._files.fixed("network.changed"))
                for name, buffer in state.items():
                    buffer[changed] = torch.from_numpy(self._files.fixed(_rows(name)))
        except (KeyError, DamagedArrays) as error:
            raise StateError(f"its network cannot be read: {error}") from None
        rolling.go_on(self.history, saved["size"], saved["until"], state)


def save_state(
    folder: Path,
    history: History,
    about: Mapping[str, Any],
    rolling: RollingState | None,
    model: str | None,
    before: LiveState | None,
) -> bool:
    """Saves what a forecast has come to, whole or not at all.

    Args:
        folder: for this alone.
        history: whole, and what is derived from it.
        about: JSON values.
        rolling: of the model that serves, which has seen no other mentions.
        model: names it.
        before: the state from which all this has grown, where it was opened.

    Returns:
        Whether it was; another process may have saved one meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0):
            if before is not None and _digest_on_disk(folder) != before._digest:
                return False
            files = before._files if before else ArrayFiles(folder)
            network = None
            if rolling is not None and rolling.size:
                same = before.network if before and before.network and before.network["model"] == model else None
                network = {"model": model, **_save_network(files, history, rolling, same)}
            _save(folder, files, history, rolling, {"about": dict(about), "network": network})
            return True
    except Timeout:
        return False


def _save(
    folder: Path, files: ArrayFiles, history: History, rolling: RollingState | None, more: Mapping[str, Any]
) -> None:
    """Saves the mentions and what is derived from them, and describes these beside what else was saved."""
    objects = _objects(files)
    derived = {}
    for name, make in _derivations(rolling).items():
        if (found := history.origin.derived.get(make)) is not None:
            found.extend(history)
            derived[name] = objects.save(name, found)
    content = {
        **more,
        "format": _FORMAT,
        "history": objects.save("history", history.origin),
        "derived": derived,
        "arrays": files.describe(),
    }
    temporary = folder / f".{_DESCRIPTION}"
    temporary.write_bytes(orjson.dumps({"content": content, "xxh3": _digest(content)}))
    temporary.replace(folder / _DESCRIPTION)
    files.commit()


def _save_network(
    files: ArrayFiles, history: History, rolling: RollingState, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The nodes that changed since all of them were written; all where these are many."""
    state = dict(rolling.model.state())
    about = {"size": rolling.size, "until": rolling.until}
    if before is not None and rolling.size >= before["base"]:
        changed = rolling.touched(history, before["base"], rolling.size)
        if _CHANGED_SHARE * len(changed) < node_count(history):
            for name, buffer in state.items():
                files.retain(_base(name))
                files.put(_rows(name), buffer.index_select(0, changed).numpy())
            files.put("network.changed", changed.numpy())
            return {**about, "base": before["base"]}
    for name, buffer in state.items():
        files.put(_base(name), buffer[: node_count(history)].numpy())
    return {**about, "base": rolling.size}


def _history(objects: SavedObjects, saved: Mapping[str, Any], derived: Mapping[str, Any]) -> History:
    mentions = objects.load(saved)
    for name, found in derived.items():
        made = objects.load(found)
        make = interactions_of(made.parts) if isinstance(made, Interactions) else _INDEXES[name]
        mentions.adopt(make, made)
    return History.of_all(mentions)


_INDEXES: Mapping[str, Callable[[Any], Derived]] = {"participants": ParticipantIndex, "precedents": PrecedentIndex}


def _derivations(rolling: RollingState | None) -> dict[str, Callable[[Any], Derived]]:
    return dict(_INDEXES) if rolling is None else {**_INDEXES, "interactions": rolling.interactions}


def _objects(files: ArrayFiles) -> SavedObjects:
    return SavedObjects(files, Mentions, Names, ParticipantIndex, Outcomes, Record, PrecedentIndex, Interactions)


def _base(name: str) -> str:
    return f"network.base.{name}"


def _rows(name: str) -> str:
    return f"network.rows.{name}"


def _digest(content: Any) -> str:
    return xxhash.xxh3_128_hexdigest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def _digest_on_disk(folder: Path) -> str | None:
    try:
        digest: str = orjson.loads((folder / _DESCRIPTION).read_bytes())["xxh3"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return digest
