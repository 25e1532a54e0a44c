"""Load shedding: postpones and samples text embeddings while more events wait than an hour takes in.

`Load` has four steps. It climbs one step an hour while the backlog is large, and descends in the same way:

1. `normal`: all texts are embedded.
2. `larger_batches`: texts go through the embedding model in larger batches.
3. `embeddings_postponed`: only known vectors are written. The hours are stored as postponed, and embedded once the
   load has fallen.
4. `sampled`: of the texts of such hours only a sample is ever embedded, each event with its weight as probability,
   so that the postponed work stays bounded.

Texts are sampled, and not the mentions that a forecast counts. The model's memory continues along exactly the mentions
that it has seen, so that sampled hours would make every later forecast start again from the whole history, and counts
of sampled hours would be compared with outcomes of complete ones. A topic without a vector is to the model a topic
without text. `raw_events` and `events` are always complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import duckdb
import polars as pl

from trend_assets.forecasting.sensitivity import Load, LoadState, sampled
from trend_assets.lake.store import Lake, write_frame
from trend_assets.lake.tables import DEFERRED_HOURS, LOAD_CHECKS
from trend_assets.periods import hour_start
from trend_assets.settings import Settings
from trend_assets.sources.collector import utc_now

#: The purpose of a run that computes postponed embeddings.
POSTPONED = "postponed"
#: Purposes of runs that the platform starts; what a person starts is embedded at once.
_LIVE = frozenset(("new", "again", "catch_up", "late", POSTPONED))
_HOUR = timedelta(hours=1)
#: Older hours do not count as backlog.
_RECENT = timedelta(hours=48)
#: An hour that is collected again within this time is sampled as before.
_REMEMBERED = timedelta(days=7)
#: After this time without a check, collection has stopped.
_QUIET = timedelta(hours=2)
#: Postponed hours that one tick of the sensor requests at most.
_AT_ONCE = 6

_LOOKS = "SELECT arg_max(step, checked_at) AS step, max(hour) AS last FROM load_checks"
_DEFERRED = "SELECT hour, postponed, sampled FROM deferred_hours WHERE postponed OR sampled"
_OF_ANOTHER_MODEL = "SELECT DISTINCT hour FROM event_embeddings WHERE model <> $model ORDER BY hour DESC LIMIT $most"
# Imported events are not backlog: a backfill takes them. An hour of a live source waits for its run.
_COLLECTED = """
    WITH raw AS (SELECT id, hour, source FROM raw_events WHERE hour >= $since),
         known AS (SELECT id FROM events WHERE hour >= $since),
         asked AS (SELECT hour, source FROM collection_status WHERE hour >= $since)
    SELECT count(*) FROM raw ANTI JOIN known USING (id) SEMI JOIN asked USING (hour, source)
"""


@dataclass(frozen=True, slots=True)
class SheddingState:
    """The state of load shedding, as the lake keeps it. Hours are given by their starts, UTC.

    Args:
        load: the current step.
        last: the newest hour at which the backlog was checked.
        postponed: hours with texts still to be embedded.
        sampled: hours of which only a sample of texts is embedded.
    """

    load: Load = Load.NORMAL
    last: datetime | None = None
    postponed: frozenset[datetime] = frozenset()
    sampled: frozenset[datetime] = frozenset()

    def state(self, settings: Settings) -> LoadState:
        """The thresholds and the current step."""
        return LoadState(settings.load.events, self.load)

    def checked(self, settings: Settings, hour: datetime, waiting: int) -> SheddingState:
        """The state after a check of the backlog; an hour that is not later than the last one changes nothing."""
        if self.last is not None and hour <= self.last:
            return self
        kept = frozenset(known for known in self.sampled if known in self.postponed or hour - known < _REMEMBERED)
        return replace(self, load=self.state(settings).after(waiting).load, last=hour, sampled=kept)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours ``[start, end)`` (UTC) that a run embeds, and why it runs (a `Purpose`, or `POSTPONED`)."""

    start: datetime
    end: datetime
    purpose: str


@dataclass(frozen=True, slots=True)
class EmbeddingPlan:
    """Which texts a run embeds now.

    Args:
        hours: of the run.
        batch_size: texts in a batch of the model.
        texts: hashes of those to embed; None for all.
        later: hours with postponed texts.
        metadata: the step and counts, for the UI; empty where the load does not matter.
    """

    hours: Hours
    batch_size: int
    texts: frozenset[str] | None = None
    later: frozenset[datetime] = frozenset()
    metadata: Mapping[str, str | int] = field(default_factory=dict)

    def finish(self, lake: Lake) -> None:
        """Marks postponed hours as done; call it once the rows are written."""
        with lake.transaction() as connection:
            known = _shedding_state(connection)
            done = {hour for hour in known.postponed if self.hours.start <= hour < self.hours.end} - self.later
            _keep(connection, known, replace(known, postponed=known.postponed - done))


def plan_embeddings(lake: Lake, settings: Settings, hours: Hours, missing: pl.DataFrame) -> EmbeddingPlan:
    """Decides which texts of a run are embedded now; hours with postponed texts are stored.

    The run of an hour that has just ended checks the backlog: events that were collected in the last 48 hours and are
    not in `events` yet, and texts of this hour without a vector. Postponed texts do not count, or the load would never
    fall. Runs that a person starts, such as a backfill, embed everything whatever the load.

    Args:
        lake: open for writing.
        settings: the backlog that is allowed.
        hours: of the run.
        missing: texts without a vector, as `missing_texts` returns them.
    """
    if hours.purpose not in _LIVE:
        return EmbeddingPlan(hours, settings.embeddings.batch_size)
    waiting = missing["text_hash"].n_unique() + _collected(lake, hours.start) if hours.purpose == "new" else None
    with lake.transaction() as connection:
        before = _shedding_state(connection)
        known = before if waiting is None else before.checked(settings, hours.start, waiting)
        known, plan = _plan_at_load(settings, known, hours, missing)
        _keep(connection, before, known)
        if waiting is None:
            return plan
        _record(connection, known, hours.start, waiting)
    return replace(plan, metadata={**plan.metadata, "waiting": waiting})


def _plan_at_load(
    settings: Settings, known: SheddingState, hours: Hours, missing: pl.DataFrame
) -> tuple[SheddingState, EmbeddingPlan]:
    """The plan at the current step, and the state that follows from it."""
    load = known.state(settings)
    if load.samples:
        known = replace(known, sampled=known.sampled | _hours_of(missing))
    admitted = _admitted(known, missing)
    texts, now = frozenset(admitted["text_hash"]), load.embeds
    later = frozenset() if now else _hours_of(admitted)
    told: dict[str, str | int] = {
        "load": load.load.name.lower(),
        "texts_postponed": 0 if now else len(texts),
        "texts_left_out": missing["text_hash"].n_unique() - len(texts),
    }
    size = load.grown(settings.embeddings.batch_size)
    plan = EmbeddingPlan(hours, size, texts if now else frozenset(), later, told)
    return replace(known, postponed=known.postponed | later), plan


def lower_idle_load(lake: Lake, settings: Settings, now: datetime) -> None:
    """Checks the backlog where no run has for hours, so that the load falls after collection has stopped.

    Args:
        lake: open for writing.
        settings: the backlog that is allowed.
        now: timezone-aware.
    """
    hour = hour_start(now) - _HOUR
    known = shedding_state(lake)
    if known.load is Load.NORMAL or known.last is None or hour - known.last < _QUIET:
        return
    waiting = _collected(lake, hour)
    with lake.transaction() as connection:
        before = _shedding_state(connection)
        known = before.checked(settings, hour, waiting)
        _keep(connection, before, known)
        _record(connection, known, hour, waiting)


def due_hours(lake: Lake, settings: Settings) -> list[datetime]:
    """Hours to embed now, the newest first, bounded; none while the load is too high for it.

    They are postponed hours, and those whose vectors are of another model than `embeddings.model`.
    """
    known = shedding_state(lake)
    if not known.state(settings).embeds:
        return []
    other = lake.read(_OF_ANOTHER_MODEL, {"model": settings.embeddings.model, "most": _AT_ONCE})["hour"]
    return sorted(known.postponed.union(other), reverse=True)[:_AT_ONCE]


def shedding_state(lake: Lake) -> SheddingState:
    """The stored state."""
    with lake.cursor() as cursor:
        return _shedding_state(cursor)


def _shedding_state(connection: duckdb.DuckDBPyConnection) -> SheddingState:
    step, last = connection.execute(_LOOKS).fetchone() or (None, None)
    hours = connection.execute(_DEFERRED).fetchall()
    return SheddingState(
        Load(step or 0),
        last,
        frozenset(hour for hour, postponed, _ in hours if postponed),
        frozenset(hour for hour, _, sampled in hours if sampled),
    )


def _admitted(known: SheddingState, missing: pl.DataFrame) -> pl.DataFrame:
    """Rows whose texts are embedded now or later: all but those that sampling drops."""
    kept = pl.Series(sampled(missing["id"].to_list(), missing["edge_weight"].to_numpy()), dtype=pl.Boolean)
    sampling = pl.Series(sorted(known.sampled), dtype=missing.schema["hour"])
    return missing.filter(kept | ~missing["hour"].is_in(sampling.implode()))


def _hours_of(missing: pl.DataFrame) -> frozenset[datetime]:
    return frozenset(missing["hour"].unique())


def _collected(lake: Lake, hour: datetime) -> int:
    return int(lake.read(_COLLECTED, {"since": hour - _RECENT}).item())


def _record(connection: duckdb.DuckDBPyConnection, known: SheddingState, hour: datetime, waiting: int) -> None:
    row = {
        "checked_at": utc_now(),
        "hour": hour,
        "waiting": waiting,
        "step": int(known.load),
        "load": known.load.name.lower(),
        "postponed_hours": len(known.postponed),
    }
    write_frame(connection, LOAD_CHECKS, LOAD_CHECKS.frame([row]))


def _keep(connection: duckdb.DuckDBPyConnection, before: SheddingState, after: SheddingState) -> None:
    """Writes the hours that changed; finished hours stay as rows."""
    changed = (before.postponed ^ after.postponed) | (before.sampled ^ after.sampled)
    now = utc_now()
    rows = (
        {"hour": hour, "postponed": hour in after.postponed, "sampled": hour in after.sampled, "changed_at": now}
        for hour in sorted(changed)
    )
    write_frame(connection, DEFERRED_HOURS, DEFERRED_HOURS.frame(rows))
