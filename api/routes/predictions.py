"""Routes of forecasts and their outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Depends, Query

from api.models.common import Label, Revision, SourceName
from api.models.predictions import Horizon, Prediction, PredictionPage, Words
from api.pipeline.dagster_client import Dagster
from api.pipeline.dagster_links import partition_link
from api.reading.asked_label import stored_label
from api.reading.catalog_snapshot import Within
from api.reading.known import refuse_unknown
from api.reading.lake import LakeReader, Reader
from api.reading.naming import NamedBy
from api.reading.spam import spam_topics
from api.reading.spans import EVER, Moment
from api.reading.topic_labels import of_category, topic_labels
from trend_assets import words
from trend_assets.forecasting.accuracy import LAST_DECISION, NOT_USED, were_compared
from trend_assets.topic_names import canonical_beginning
from trend_assets.words import kind_of

router = APIRouter(prefix="/predictions", tags=["predictions"])

_HOUR = timedelta(hours=1)
#: How often a cut was forecast again; null where it never was.
_NEWEST_REVISION = "SELECT max(revision) FROM predictions WHERE cut = ? AND label = ?"
_HORIZONS = """
    SELECT horizon_hours, label, max(cut) AS cut, arg_max(model_version, cut) AS model_version FROM predictions
    WHERE cut >= ? AND revision = 0 GROUP BY horizon_hours, label
"""
_CUT = "SELECT max(cut) FROM predictions WHERE label = ? AND cut >= ? AND cut <= ?"
#: A cut is mostly found soon before the moment that is asked for.
_SOON = timedelta(days=2)
_TICK = timedelta(microseconds=1)
#: After every rank.
_LAST = 1_000_000_000
COLUMNS = """
    p.cut, p.label, p.horizon_hours, p.topic, p.rank, p.score, p.confidence, p.growth, p.source_events_count,
    p.model_version, p.metadata, p.forecast_at, p.revision, p.made, 
    coalesce(o.mentions_before, (p.metadata ->> 'before')::BIGINT, p.source_events_count) AS mentions_before,
    o.came_true, o.mentions_after
"""
#: An outcome is of a topic: it is the same for every revision.
JOIN = "LEFT JOIN prediction_outcomes o ON o.cut = p.cut AND o.label = p.label AND o.topic = p.topic"
_WANTED = """
    p.cut = ? AND p.label = ? AND p.revision = ? AND starts_with(p.topic, ?) AND p.rank > ?
    AND (? IS NULL OR p.confidence >= ?)
    AND (?::BOOLEAN OR list_contains(?::VARCHAR[], p.topic)) AND NOT list_contains(?::VARCHAR[], p.topic) {more}
"""
_NOT_SPAM = "AND NOT list_contains(?::VARCHAR[], p.topic)"
_ROWS = f"SELECT {COLUMNS} FROM predictions p {JOIN} WHERE {_WANTED} {_NOT_SPAM} ORDER BY p.rank LIMIT ?"
#: The spam above the last topic that is shown.
_LEFT_OUT = f"""
    SELECT p.topic FROM predictions p WHERE {_WANTED} AND list_contains(?::VARCHAR[], p.topic) AND p.rank < ?
    ORDER BY p.rank LIMIT 100
"""
At = Annotated[Moment | None, Query(description="The newest cut not after this moment; default: now.")]
ForLabel = Annotated[Label, Query(description="What is forecast.")]
Ahead = Annotated[
    int | None,
    Query(ge=1, le=168, description="Hours ahead, as `/predictions/horizons` lists them; default: the main horizon."),
]
Which = Annotated[
    Revision,
    Query(description="`first`: the forecast as it was made and is scored; `newest`: with the posts that came later."),
]
Source = Annotated[SourceName | None, Query(description="Topics that this source named in the 24 h before the cut.")]
Language = Annotated[
    str | None, Query(max_length=20, description="Topics of posts in this language (BCP 47, e.g. `de`) in that time.")
]
Community = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Topics of posts in this community in that time, e.g. `mastodon:fosstodon.org`, a channel, a list.",
    ),
]


@router.get("")
def predictions(
    lake: Reader,
    dagster: Dagster,
    label: ForLabel = Label.EMERGES,
    horizon: Ahead = None,
    at: At = None,
    topic: Annotated[str, Query(max_length=200, description="Topics that begin so.")] = "",
    source: Source = None,
    language: Language = None,
    community: Community = None,
    revision: Which = Revision.FIRST,
    min_confidence: Annotated[float | None, Query(ge=0, le=1, description="At least so sure.")] = None,
    after_rank: Annotated[int, Query(ge=0, le=1_000_000_000, description="For the next page: the last rank seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> PredictionPage:
    """The forecasts of one cut in order of rank, which is that of their calibrated probability, page by page."""
    named_by = NamedBy(source and source.value, language, community)
    stored = stored_label(lake, label.value, horizon)
    wanted = Wanted(stored, at, revision, named_by, topic, after_rank, min_confidence, limit)
    return page(lake, dagster.address, wanted)


@router.get("/horizons")
def horizons(lake: Reader) -> list[Horizon]:
    """How far ahead there are forecasts, the main horizon first, and who makes them."""
    newest = lake.newest("predictions", "cut")
    if newest is None:
        return []
    main = lake.settings.forecast.horizon_hours
    rows = lake.read(_HORIZONS, [newest - _SOON], Within("predictions", "cut", newest - _SOON, newest + _TICK))
    found = {hours: list(group.iter_rows(named=True)) for (hours,), group in rows.group_by("horizon_hours")}
    return [
        _horizon(lake, found[hours], hours, main) for hours in sorted(found, key=lambda hours: (hours != main, hours))
    ]


def _is_asked(lake: LakeReader, hours: int) -> bool:
    """Whether the settings in force still forecast so far ahead."""
    forecast = lake.settings.forecast
    return hours == forecast.horizon_hours or hours in forecast.further_horizons


def _needs(lake: LakeReader, label: Label, hours: int) -> str:
    forecast = lake.settings.forecast
    return words.comes_true(label.value, hours, *forecast.needed(hours), forecast.burst_ratio)


def _horizon(lake: LakeReader, rows: list[dict[str, Any]], hours: int, main: int) -> Horizon:
    rows = sorted(rows, key=lambda row: list(Label).index(Label(kind_of(row["label"]))))
    first, reason = rows[0], None
    if words.is_counting(first["model_version"]):
        asked = {"cut": first["cut"], "label": first["label"], "main": Label.EMERGES.value}
        further = [] if hours == main else lake.read(NOT_USED, asked)["reason"].to_list()
        compared = first["model_version"] != words.UNCOMPARED or were_compared(lake.read, first["cut"], main)
        reason = words.counted_because(further, _last_decision(lake, first["cut"]), compared=compared)
    labels = [Label(kind_of(row["label"])) for row in rows]
    version = first["model_version"]
    return Horizon(
        horizon_hours=hours,
        title=words.ahead(hours),
        main=hours == main,
        labels=labels,
        comes_true={label: _needs(lake, label, hours) for label in labels} if _is_asked(lake, hours) else {},
        cut=first["cut"],
        model_version=version,
        reason=reason,
    )


def _last_decision(lake: LakeReader, cut: datetime) -> words.Decision | None:
    rows = lake.read(LAST_DECISION, {"cut": cut}).rows() if lake.has("model_promotions") else []
    return words.Decision(*rows[0]) if rows else None


class Wanted(NamedTuple):
    """What was asked for.

    Args:
        label: as it is stored.
        watched, muted: topics that are shown alone, and that are not shown.
        spam: whether topics that look like spam are shown, too.
    """

    label: str
    at: datetime | None
    revision: Revision
    named_by: NamedBy
    beginning: str = ""
    after_rank: int = 0
    min_confidence: float | None = None
    limit: int = 50
    category: str | None = None
    watched: Sequence[str] | None = None
    muted: Sequence[str] = ()
    spam: bool = True


def wanted_top(
    lake: Reader,
    label: ForLabel = Label.EMERGES,
    horizon: Ahead = None,
    at: At = None,
    source: Source = None,
    language: Language = None,
    community: Community = None,
    category: Annotated[
        str | None, Query(max_length=100, description="Topics that were about this then, e.g. `sports`.")
    ] = None,
    watch: Annotated[
        str | None, Query(max_length=100, description="Only topics of this watch list (`attention.watch`).")
    ] = None,
    spam: Annotated[
        bool | None,
        Query(
            description="Show topics that look like spam, too; default: of a watch list, or where "
            "`attention.hide_spam` is off."
        ),
    ] = None,
    revision: Which = Revision.FIRST,
    k: Annotated[int, Query(ge=1, le=100, description="How many.")] = 10,
) -> Wanted:
    """A top list: the parameters of every route that shows one.

    Raises:
        Unknown: there is no such watch list.
    """
    attention = lake.settings.attention
    if watch is not None:
        refuse_unknown("watch", watch, attention.watch)
    watched = None if watch is None else attention.watch[watch]
    named_by = NamedBy(source and source.value, language, community)
    stored = stored_label(lake, label.value, horizon)
    return Wanted(
        stored,
        at,
        revision,
        named_by,
        limit=k,
        category=category,
        watched=watched,
        muted=attention.muted,
        spam=attention.shows_spam(spam, watched is not None),
    )


Top = Annotated[Wanted, Depends(wanted_top)]


@router.get("/top")
def top(lake: Reader, dagster: Dagster, wanted: Top) -> PredictionPage:
    """The k topics likeliest to grow at the newest cut, or at any past one, by their calibrated probability.

    Those that `attention.muted` names are left out, and those that look like spam; `left_out` names these.
    """
    return page(lake, dagster.address, wanted)


def page(lake: LakeReader, dagster: str, wanted: Wanted) -> PredictionPage:
    """The forecasts that were asked for.

    Args:
        lake: is read.
        dagster: address of the Dagster UI.
        wanted: of which cut, label and topics.
    """
    simulated, label = lake.simulated(), wanted.label
    cut = newest_cut(lake, label, wanted.at)
    if cut is None:
        when = f" at or before {wanted.at.isoformat()}" if wanted.at else " yet"
        needs = "" if kind_of(label) == Label.EMERGES.value else f": {words.nothing_asked(label)}"
        return PredictionPage(cut=None, simulated=simulated, items=[], reason=f"no forecast of `{label}`{when}{needs}")
    revisions = lake.value(_NEWEST_REVISION, (cut, label), Within("predictions", "cut", cut, cut + _TICK))
    condition, named_by, named_in = wanted.named_by.condition(cut - 24 * _HOUR, cut)
    about, category, labelled_in = of_category(wanted.category, cut)
    asked = [
        cut,
        label,
        0 if wanted.revision is Revision.FIRST else revisions,
        canonical_beginning(wanted.beginning),
        wanted.after_rank,
        wanted.min_confidence,
        wanted.min_confidence,
        wanted.watched is None,
        list(wanted.watched or ()),
        list(wanted.muted),
        *named_by,
        *category,
    ]
    more, spam = condition + about, [] if wanted.spam else spam_topics(lake, cut)
    here = [Within(table, "cut", cut, cut + _TICK) for table in ("predictions", "prediction_outcomes")]
    rows = lake.read(_ROWS.format(more=more), [*asked, spam, wanted.limit], *here, *named_in, *labelled_in)
    left_out: list[str] = []
    if spam:
        last = rows["rank"].max() if rows.height == wanted.limit else _LAST
        found = lake.read(_LEFT_OUT.format(more=more), [*asked, spam, last], here[0], *named_in, *labelled_in)
        left_out = found["topic"].to_list()
    labels = topic_labels(lake, rows["topic"].to_list(), cut)
    items = [prediction(lake, row, dagster, labels.get(row["topic"])) for row in rows.iter_rows(named=True)]
    return PredictionPage(
        cut=cut,
        revisions=revisions,
        simulated=simulated,
        items=items,
        left_out=left_out,
        reason=None if items else _empty(left_out),
    )


def _empty(left_out: Sequence[str]) -> str:
    """Why a list is empty."""
    if not left_out:
        return "no topic fits these filters"
    if len(left_out) == 1:
        return "the only topic that fits looks like spam (spam=true shows it)"
    return f"all {len(left_out)} topics that fit look like spam (spam=true shows them)"


def newest_cut(lake: LakeReader, label: str, at: datetime | None = None) -> datetime | None:
    """The newest cut of a stored label that is not after a moment; None where there is none."""
    newest = lake.newest("predictions", "cut")
    if newest is None:
        return None
    until = min(at, newest) if at else newest
    for since in (until - _SOON, EVER):
        within = Within("predictions", "cut", since, until + _TICK)
        cut: datetime | None = lake.value(_CUT, (label, since, until), within)
        if cut:
            return cut
    return None


def prediction(
    lake: LakeReader, row: dict[str, Any], dagster: str, topic_label: dict[str, Any] | None = None
) -> Prediction:
    """A row of `COLUMNS` as the API answers it.

    Args:
        lake: tells what an outcome that is missing waits for.
        row: from the lake.
        dagster: address of the Dagster UI.
        topic_label: what the topic was called, if anything.
    """
    link = partition_link(dagster, "predictions", row["cut"] - _HOUR)
    counts = orjson.loads(row["metadata"])
    expected = words.expected_mentions(row["mentions_before"], row["growth"], counts.get("needed"))
    made = {
        "label": kind_of(row["label"]),
        "metadata": counts,
        "expected_mentions": expected,
        "dagster_link": link,
        "words": _words(lake, row, counts),
    }
    return Prediction(**{**row, **made, "topic_label": topic_label})


def _words(lake: LakeReader, row: dict[str, Any], counts: dict[str, Any]) -> Words:
    label, confidence = kind_of(row["label"]), row["confidence"]
    return Words(
        title=words.TITLES[label],
        ahead=words.ahead(row["horizon_hours"]),
        heading=words.list_title(label, row["horizon_hours"], row["model_version"]),
        mentions=words.mentions(
            label,
            row["mentions_before"],
            row["mentions_after"],
            row["growth"],
            counts.get("usual"),
            counts.get("needed"),
        ),
        chance=None if confidence is None else words.chance_of(confidence),
        likely=words.no_chance(row["model_version"]) if confidence is None else words.likely(confidence),
        verdict=_verdict(lake, row),
        why=words.why(counts),
        by=words.forecaster(row["model_version"]),
        made=words.MADE.get(row["made"]),
    )


def _verdict(lake: LakeReader, row: dict[str, Any]) -> str:
    due = row["cut"] + row["horizon_hours"] * _HOUR
    if row["came_true"] is not None or not lake.has_passed(due):
        return words.verdict(row["came_true"])
    return words.waits_for(due, lake.newest("raw_events", "timestamp"))
