"""Load shedding: postpones and samples text embeddings while more events wait than an hour takes in.

`Load` climbs one step an hour while the backlog is large, and goes back the same way. First texts go through the
text model in larger batches. Then embeddings are postponed: only vectors that are known are written, the hours are
remembered, and embedded once the load has fallen. Last, of the texts of such hours only a sample is embedded even
then, each event with its weight as probability, so that what is put off stays within bounds.

What is sampled are texts and not the mentions that a forecast counts. The memory of a model goes on only along the
very mentions that it was trained on, so that thinned hours would let every later forecast begin anew from the whole
history; and counts of thinned hours would be held against outcomes that were counted whole. A topic without a vector
is to the model one without a text. Nothing is ever thinned in `raw_events` and `events`.
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
from trend_assets.settings import Settings
from trend_assets.sources.collector import utc_now

#: Why a run embeds what was postponed.
POSTPONED = "postponed"
#: Runs that the platform starts by itself; what somebody asks for is embedded at once.
_LIVE = frozenset(("new", "again", "catch_up", "late", POSTPONED))
_HOUR = timedelta(hours=1)
#: Older hours are no longer waited for.
_RECENT = timedelta(hours=48)
#: An hour is collected again within that time, and then sampled as before.
_REMEMBERED = timedelta(days=7)
#: Where nobody has looked for so long, nothing is collected any more.
_QUIET = timedelta(hours=2)
#: Hours that one tick has embedded at most.
_AT_ONCE = 6

_LOOKS = "SELECT arg_max(step, checked_at) AS step, max(hour) AS last FROM load_checks"
_DEFERRED = "SELECT hour, postponed, sampled FROM deferred_hours WHERE postponed OR sampled"
# What was imported waits for whoever backfills it; a source's own hour waits for its run.
_COLLECTED = """
    WITH raw AS (SELECT id, hour, source FROM raw_events WHERE hour >= $since),
         known AS (SELECT id FROM events WHERE hour >= $since),
         asked AS (SELECT hour, source FROM collection_status WHERE hour >= $since)
    SELECT count(*) FROM raw ANTI JOIN known USING (id) SEMI JOIN asked USING (hour, source)
"""


@dataclass(frozen=True, slots=True)
class SheddingState:
    """What is remembered of the load. Hours are their starts, UTC.

    Args:
        load: the step.
        last: the newest hour at which it was looked at.
        postponed: hours of which texts are still to be embedded.
        sampled: hours of whose texts a sample is embedded.
    """

    load: Load = Load.NORMAL
    last: datetime | None = None
    postponed: frozenset[datetime] = frozenset()
    sampled: frozenset[datetime] = frozenset()

    def state(self, settings: Settings) -> LoadState:
        """What gives way."""
        return LoadState(settings.load.events, self.load)

    def looked(self, settings: Settings, hour: datetime, waiting: int) -> SheddingState:
        """After a look at how much waits; an hour that is not later than the last changes nothing."""
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
    """What a run embeds now.

    Args:
        hours: of the run.
        batch_size: texts at once.
        texts: hashes of those to embed; None for all.
        later: hours of which texts are embedded later.
        metadata: what gives way, for people; empty where nothing may.
    """

    hours: Hours
    batch_size: int
    texts: frozenset[str] | None = None
    later: frozenset[datetime] = frozenset()
    metadata: Mapping[str, str | int] = field(default_factory=dict)

    def finish(self, lake: Lake) -> None:
        """Strikes off hours that had been postponed; to be called once the rows are written."""
        with lake.transaction() as connection:
            known = _shedding_state(connection)
            done = {hour for hour in known.postponed if self.hours.start <= hour < self.hours.end} - self.later
            _keep(connection, known, replace(known, postponed=known.postponed - done))


def plan_embeddings(lake: Lake, settings: Settings, hours: Hours, missing: pl.DataFrame) -> EmbeddingPlan:
    """What of a run's texts is embedded now; hours of which some is not are remembered.

    The run of an hour that has just ended looks at how much waits: events that were collected in the last 48 hours
    and have not become `events`, and texts of this hour without a vector. What is postponed does not count, else it
    would hold itself up. What somebody asks for, as a backfill, is embedded whatever the load.

    Args:
        lake: open for writing.
        settings: how much may wait.
        hours: of the run.
        missing: as `missing_texts` gives it.
    """
    if hours.purpose not in _LIVE:
        return EmbeddingPlan(hours, settings.embeddings.batch_size)
    waiting = missing["text_hash"].n_unique() + _collected(lake, hours.start) if hours.purpose == "new" else None
    with lake.transaction() as connection:
        before = _shedding_state(connection)
        known = before if waiting is None else before.looked(settings, hours.start, waiting)
        known, plan = _weighed(settings, known, hours, missing)
        _keep(connection, before, known)
        if waiting is None:
            return plan
        _record(connection, known, hours.start, waiting)
    return replace(plan, metadata={**plan.metadata, "waiting": waiting})


def _weighed(
    settings: Settings, known: SheddingState, hours: Hours, missing: pl.DataFrame
) -> tuple[SheddingState, EmbeddingPlan]:
    """What gives way at a load, and what is remembered of it."""
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
    """Looks at the load where no run has for hours, so that it falls when nothing is collected any more.

    Args:
        lake: open for writing.
        settings: how much may wait.
        now: timezone-aware.
    """
    hour = now.replace(minute=0, second=0, microsecond=0) - _HOUR
    known = shedding_state(lake)
    if known.load is Load.NORMAL or known.last is None or hour - known.last < _QUIET:
        return
    waiting = _collected(lake, hour)
    with lake.transaction() as connection:
        before = _shedding_state(connection)
        known = before.looked(settings, hour, waiting)
        _keep(connection, before, known)
        _record(connection, known, hour, waiting)


def due_hours(lake: Lake, settings: Settings) -> list[datetime]:
    """Postponed hours to embed now, the newest first, bounded; none while the load is too high for it."""
    known = shedding_state(lake)
    return sorted(known.postponed, reverse=True)[:_AT_ONCE] if known.state(settings).embeds else []


def shedding_state(lake: Lake) -> SheddingState:
    """The load as it was left."""
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
    """Rows of events that are embedded, now or later."""
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
    """Writes the hours of which something changed; what was done stays as a row."""
    changed = (before.postponed ^ after.postponed) | (before.sampled ^ after.sampled)
    now = utc_now()
    rows = (
        {"hour": hour, "postponed": hour in after.postponed, "sampled": hour in after.sampled, "changed_at": now}
        for hour in sorted(changed)
    )
    write_frame(connection, DEFERRED_HOURS, DEFERRED_HOURS.frame(rows))
