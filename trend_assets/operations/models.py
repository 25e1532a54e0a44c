"""The model registry: trained models in the lake's storage, each named by the week from which it may forecast.

The lake's table `model_promotions` tells which of them forecasts use, and what was promoted and withdrawn when.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson

from trend_assets.errors import TrendError
from trend_assets.lake.checkpoints import CheckpointStore, checkpoint_store
from trend_assets.lake.location import lake_location
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import MODEL_PROMOTIONS
from trend_assets.names import CHECKPOINT_DESCRIPTION
from trend_assets.settings import Settings

#: The hour is named where it was trained inside the week, the number where another has the same name.
_NAME = re.compile(r"tgn-(?P<week>\d{4}-\d{2}-\d{2})(T(?P<hour>\d{2}))?-s(?P<snapshot>\d+)(\.\d+)?")

#: Of each model that is in use the number of its last promotion.
_IN_USE = """
    SELECT version, max(number) AS number FROM model_promotions WHERE action <> 'refused'
    GROUP BY version HAVING arg_max(action, number) = 'promoted'
"""
_PROMOTED_SHA256 = """
    SELECT sha256 FROM model_promotions WHERE version = ? AND action = 'promoted' ORDER BY number DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, order=True)
class StoredModel:
    """A checkpoint in the store.

    Args:
        week: Monday 00:00 UTC, or the hour at which it was trained early; it saw only what was before.
        snapshot: the lake's snapshot that it read.
        version: its name.
    """

    week: datetime
    snapshot: int
    version: str


def model_store(settings: Settings) -> CheckpointStore:
    """Where the settings say that models are.

    Raises:
        LakeError: `lake.data_path` is neither a folder nor an address `s3://…`.
    """
    return checkpoint_store(lake_location(settings))


def model_name(week: datetime, snapshot: int) -> str:
    """The version of the model of a week, trained on a snapshot of the lake."""
    hour = f"T{week:%H}" if week.weekday() or week.hour else ""
    return f"tgn-{week:%Y-%m-%d}{hour}-s{snapshot}"


def stored_models(settings: Settings) -> list[StoredModel]:
    """All models, oldest week first; of one week, the last trained last."""
    found = []
    for name in model_store(settings).names():
        if match := _NAME.fullmatch(name):
            # What only looks like a week is somebody else's folder.
            with contextlib.suppress(ValueError):
                week = datetime.strptime(f"{match['week']}T{match['hour'] or '00'}", "%Y-%m-%dT%H").replace(tzinfo=UTC)
                found.append(StoredModel(week, int(match["snapshot"]), name))
    return sorted(found)


def is_as_promoted(lake: Lake, version: str, folder: Path) -> bool:
    """Whether a model's tensors, as its folder says, are those that were promoted last, where that was noted."""
    noted = lake.read(_PROMOTED_SHA256, [version])["sha256"]
    return noted.is_empty() or noted[0] in (None, _sha256(folder))


def _sha256(folder: Path) -> str | None:
    """Of the tensors, as the description says; None where it does not."""
    try:
        return str(orjson.loads((folder / CHECKPOINT_DESCRIPTION).read_bytes())["tensors"]["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def models_at(lake: Lake, settings: Settings, cut: datetime) -> list[StoredModel]:
    """Promoted models that may forecast at `cut`, the one in use first, then what was in use before it."""
    return [model for model in promoted_models(lake, settings) if model.week <= cut][::-1]


def model_at(lake: Lake, settings: Settings, cut: datetime) -> StoredModel | None:
    """The newest promoted model that may forecast at `cut`: trained on nothing from after it."""
    return next(iter(models_at(lake, settings, cut)), None)


def promoted_models(lake: Lake, settings: Settings) -> list[StoredModel]:
    """The promoted models that are stored, oldest week first; of one week, the last promoted last."""
    with lake.cursor() as cursor:
        return _promoted(cursor, settings)


def promote(lake: Lake, settings: Settings, version: str, reason: str, run_id: str | None = None) -> None:
    """Puts a stored model to use from its week on; models of later weeks stay in use from theirs on.

    Args:
        lake: open for writing.
        settings: where models are stored.
        version: the model's.
        reason: why, in words.
        run_id: the run that trained it, if that decided.

    Raises:
        TrendError: there is no such model.
    """
    model = _stored(settings, version)
    with lake.transaction() as connection:
        _note(connection, settings, "promoted", [model], reason, run_id)


def refuse(lake: Lake, settings: Settings, version: str, reason: str, run_id: str | None = None) -> None:
    """Notes why a stored model was not put to use; what is in use stays in use. As `promote` otherwise."""
    model = _stored(settings, version)
    with lake.transaction() as connection:
        _note(connection, settings, "refused", [model], reason, run_id)


def promote_instead(lake: Lake, settings: Settings, version: str) -> list[str]:
    """Puts a stored model to use and withdraws all promoted models of later weeks; returns what was withdrawn.

    Raises:
        TrendError: there is no such model.
    """
    chosen = _stored(settings, version)
    with lake.transaction() as connection:
        newer = [model for model in _promoted(connection, settings) if model.week > chosen.week]
        _note(connection, settings, "withdrawn", newer, f"{version} was promoted by hand")
        _note(connection, settings, "promoted", [chosen], "by hand")
    return [model.version for model in newer]


def roll_back(lake: Lake, settings: Settings) -> tuple[StoredModel, StoredModel | None]:
    """Withdraws the newest promoted model; returns it and the one that is in use now, if any.

    Raises:
        TrendError: no model is promoted.
    """
    with lake.transaction() as connection:
        promoted = _promoted(connection, settings)
        if not promoted:
            raise TrendError("no model is promoted: there is nothing to roll back")
        _note(connection, settings, "withdrawn", promoted[-1:], "rolled back by hand")
    return promoted[-1], promoted[-2] if len(promoted) > 1 else None


def _stored(settings: Settings, version: str) -> StoredModel:
    stored = {model.version: model for model in stored_models(settings)}
    if version not in stored:
        raise TrendError(f"there is no model {version!r} in {model_store(settings).address()}: see `trend model list`")
    return stored[version]


def _promoted(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[StoredModel]:
    numbers = dict(connection.execute(_IN_USE).fetchall())
    stored = [model for model in stored_models(settings) if model.version in numbers]
    return sorted(stored, key=lambda model: (model.week, numbers[model.version]))


def _note(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    action: str,
    models: Sequence[StoredModel],
    reason: str,
    run_id: str | None = None,
) -> None:
    """Adds a row for each model, within the transaction of the caller: nobody else adds one meanwhile."""
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM model_promotions").fetchone() or (0,)
    store, now = model_store(settings), datetime.now(UTC)
    rows = (
        {
            "number": last + place,
            "version": model.version,
            "week": model.week,
            "action": action,
            "decided_at": now,
            "reason": reason,
            "run_id": run_id,
            "sha256": _sha256(store.opened(model.version)),
        }
        for place, model in enumerate(models, 1)
    )
    write_frame(connection, MODEL_PROMOTIONS, MODEL_PROMOTIONS.frame(rows))
