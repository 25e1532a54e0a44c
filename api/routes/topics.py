"""Routes of topics: search, and the history of one topic."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from api.models.common import Label, Problem
from api.models.predictions import Prediction
from api.models.topics import GenZ, Post, RelatedTopic, SourceHour, TopicPage, TopicStory, TopicSummary, TopicUser
from api.pipeline.dagster_client import Dagster
from api.pipeline.dagster_links import partition_link
from api.reading.asked_label import stored_label
from api.reading.catalog_snapshot import Within
from api.reading.lake import LakeReader, Reader
from api.reading.similar_topics import similar_topics
from api.reading.spans import EVER, End, Span, Start, span
from api.reading.text_model import Model, TextModel
from api.reading.topic_labels import topic_labels
from api.routes.predictions import COLUMNS, JOIN, Ahead, prediction
from trend_assets.links import person_link, person_name, post_link
from trend_assets.topic_names import canonical_beginning, canonical_topic

router = APIRouter(prefix="/topics", tags=["topics"])

_DEFAULT_DAYS = 7
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SEARCH = """
    SELECT topic, sum(mentions)::BIGINT AS mentions, min(hour) AS first_hour, max(hour) AS last_hour
    FROM topic_activity
    WHERE hour >= ? AND hour < ? AND (starts_with(topic, ?) OR starts_with(ltrim(topic, '#$'), ?))
    GROUP BY topic
    HAVING ? IS NULL OR sum(mentions) < ? OR (sum(mentions) = ? AND topic > ?)
    ORDER BY mentions DESC, topic LIMIT ?
"""
_NAMED = """
    SELECT topic, sum(mentions)::BIGINT AS mentions, min(hour) AS first_hour, max(hour) AS last_hour
    FROM topic_activity WHERE hour >= ? AND hour < ? AND list_contains(?, topic) GROUP BY topic
"""
_LAST = "SELECT max(hour) FROM topic_activity WHERE topic = ? AND hour >= ?"
# One look at the events, from which all parts are made.
_STORY = """
    WITH phrases AS (
        SELECT event_id, list(topic) AS said, bool_or(topic = $topic) AS named FROM topic_phrases
        WHERE hour >= $start AND hour < $end GROUP BY event_id
    ), copied AS (
        SELECT event_id AS copy_id, group_id, copies, repeated FROM near_copies WHERE hour >= $start AND hour < $end
    ), named AS MATERIALIZED (
        SELECT id, hour, timestamp, source, event_type, content_id, user_id, text,
               context ->> 'username' AS username, context ->> 'original_content_id' AS answered,
               list_distinct(list_concat(topics, coalesce(said, []))) AS topics, spam_score, gen_z_score,
               json_keys(features, '$.gen_z') AS parts, group_id, copies, list_contains(repeated, $topic) AS again
        FROM events LEFT JOIN phrases ON event_id = id LEFT JOIN copied ON copy_id = id
        WHERE hour >= $start AND hour < $end AND (list_contains(topics, $topic) OR coalesce(named, false))
    ), activity AS (
        SELECT hour, source, count(*) AS mentions, count(DISTINCT user_id) AS users
        FROM named GROUP BY hour, source ORDER BY hour DESC, source LIMIT 5000
    ), posts AS (
        SELECT arg_max(id, timestamp) AS id, max(timestamp) AS timestamp, arg_max(source, timestamp) AS source,
               arg_max(event_type, timestamp) AS event_type, arg_max(user_id, timestamp) AS user_id, text,
               arg_max(username, timestamp) AS username, arg_max(content_id, timestamp) AS content_id,
               arg_max(answered, timestamp) AS answered,
               min(spam_score) AS spam_score, arg_max(gen_z_score, timestamp) AS gen_z_score,
               arg_max(group_id, timestamp) AS copy_group, max(copies) AS copies
        FROM named WHERE text <> '' AND event_type <> 'retweet' GROUP BY text
        ORDER BY min(spam_score) >= 0.5, timestamp DESC, id LIMIT $posts
    ), signs AS (
        SELECT unnest(parts) AS part FROM named
    ), shares AS (
        SELECT part, count(*) AS events FROM signs GROUP BY part ORDER BY events DESC, part
    ), users AS (
        SELECT user_id, source, count(*) AS mentions, arg_max(username, timestamp) AS username
        FROM named WHERE user_id IS NOT NULL GROUP BY user_id, source
        ORDER BY mentions DESC, source, user_id LIMIT 10
    ), together AS (
        SELECT unnest(topics) AS topic FROM named
    ), related AS (
        SELECT topic, count(*) AS together FROM together WHERE topic <> $topic GROUP BY topic
        ORDER BY together DESC, topic LIMIT 10
    )
    SELECT count(*) AS mentions, count(*) FILTER (again) AS repeated, avg(gen_z_score) AS gen_z_score,
           quantile_cont(gen_z_score, [0.1, 0.25, 0.5, 0.75, 0.9]) AS gen_z_quantiles,
           avg((gen_z_score > 0)::INTEGER) AS gen_z_signs,
           (SELECT list(shares ORDER BY events DESC, part) FROM shares) AS parts,
           avg((spam_score >= 0.5)::INTEGER) AS spam_share,
           (SELECT list(activity ORDER BY hour, source DESC) FROM activity) AS activity,
           (SELECT list(posts ORDER BY spam_score >= 0.5, timestamp DESC, id) FROM posts) AS posts,
           (SELECT list(users ORDER BY mentions DESC, source, user_id) FROM users) AS users,
           (SELECT list(related ORDER BY together DESC, topic) FROM related) AS related
    FROM named
"""
_PREDICTIONS = f"""
    SELECT {COLUMNS} FROM predictions p {JOIN}
    WHERE p.topic = ? AND p.hour >= ? AND p.hour < ? AND p.revision = 0 AND list_contains(?, p.label)
    ORDER BY p.cut DESC, p.label LIMIT ?
"""


@router.get("")
def topics(
    lake: Reader,
    text_model: Model,
    prefix: Annotated[
        str, Query(max_length=200, description="Topics that begin so, with or without `#` and `$`; default: all.")
    ] = "",
    similar: Annotated[
        str | None,
        Query(
            max_length=200,
            description="A topic or words: topics whose posts mean nearly the same, the nearest first; one page.",
        ),
    ] = None,
    start: Start = None,
    end: End = None,
    cursor: Annotated[
        str | None, Query(max_length=400, pattern=r"^[0-9]{1,15}:", description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> TopicPage:
    """Topics of the span (default: the last seven days with activity), the most mentioned first."""
    asked = _span(lake, start, end)
    if asked is None:
        return TopicPage(items=[], next=None, reason="no events yet: run `trend import FILE` or `trend demo`")
    if similar is not None:
        return _similar(lake, text_model, similar.strip().lower(), asked, limit)
    wanted = canonical_beginning(prefix)
    mentions, _, after = (cursor or "").partition(":")
    seen = int(mentions) if cursor else None
    here = asked.of("topic_activity")
    rows = lake.read(_SEARCH, [asked.start, asked.end, wanted, wanted, seen, seen, seen, after, limit], here)
    labels = topic_labels(lake, rows["topic"].to_list(), asked.end)
    items = [TopicSummary(**row, topic_label=labels.get(row["topic"])) for row in rows.iter_rows(named=True)]
    more = f"{items[-1].mentions}:{items[-1].topic}" if len(items) == limit else None
    return TopicPage(items=items, next=more, reason=None if items else "no topic begins so in this span")


def _similar(lake: LakeReader, text_model: TextModel, wanted: str, asked: Span, limit: int) -> TopicPage:
    near = similar_topics(lake, text_model, wanted, asked, limit)
    if near is None:
        return TopicPage(
            items=[],
            next=None,
            reason=f"no post of this span has a vector of {text_model.name}: run `trend backfill` over it without "
            "--no-embeddings",
        )
    rows = lake.read(_NAMED, [asked.start, asked.end, list(near)], asked.of("topic_activity"))
    labels = topic_labels(lake, list(near), asked.end)
    items = [
        TopicSummary(**row, similarity=near[row["topic"]], topic_label=labels.get(row["topic"]))
        for row in rows.iter_rows(named=True)
    ]
    items.sort(key=lambda item: (-(item.similarity or 0), item.topic))
    return TopicPage(items=items, next=None, reason=None if items else f"no post of this span says {wanted!r}")


@router.get("/{topic:path}", responses={404: {"model": Problem, "description": "No topic of that name."}})
def topic(
    lake: Reader,
    dagster: Dagster,
    topic: Annotated[
        str,
        Path(
            max_length=400,
            description="The topic, URL-encoded (`%23` for `#`).",
            openapi_examples={"cashtag": {"value": "$tsla"}, "hashtag": {"value": "#ai"}},
        ),
    ],
    start: Start = None,
    end: End = None,
    horizon: Ahead = None,
    posts: Annotated[int, Query(ge=0, le=100, description="How many example posts.")] = 20,
    predictions: Annotated[int, Query(ge=0, le=1000, description="How many forecasts.")] = 100,
) -> TopicStory:
    """One topic's activity by source and hour, forecasts and how they went, posts, users, related topics."""
    name = canonical_topic(topic) or topic
    last = None if end else _known_hour(lake, name)
    asked = span(start, end, last, _DEFAULT_DAYS, lake.settings.api.max_days)
    stored_label(lake, Label.EMERGES.value, horizon)
    labels = [lake.settings.forecast.label(label.value, horizon) for label in Label]
    # Forecasts go on for a day after the last mention.
    until = replace(asked, end=asked.end + _DAY) if last else asked
    forecasts = _predictions(lake, dagster.address, name, until, labels, predictions)
    told = _story(lake, dagster.address, name, asked, posts, forecasts)
    # Where a span with an end holds mentions, there is such a topic: nothing else has to be asked.
    if last is None and not told.mentions:
        _known_hour(lake, name)
    return told


def _story(
    lake: LakeReader, dagster: str, name: str, asked: Span, posts: int, forecasts: list[Prediction]
) -> TopicStory:
    here = {"start": asked.start, "end": asked.end, "topic": name, "posts": posts}
    found = lake.read(_STORY, here, asked.of("events"), asked.of("topic_phrases"), asked.of("near_copies")).row(
        0, named=True
    )
    linked = lake.has_platform_ids()
    return TopicStory(
        topic=name,
        simulated=lake.simulated(),
        topic_label=topic_labels(lake, [name], asked.end).get(name),
        start=asked.start,
        end=asked.end,
        mentions=found["mentions"],
        repeated=found["repeated"],
        gen_z_score=found["gen_z_score"],
        gen_z=_gen_z(found),
        spam_share=found["spam_share"],
        activity=[SourceHour(**row) for row in found["activity"] or []],
        predictions=forecasts,
        posts=[_post(row, dagster, linked) for row in found["posts"] or []],
        users=[_user(row, linked) for row in found["users"] or []],
        related=[RelatedTopic(**row) for row in found["related"] or []],
    )


def _gen_z(found: dict[str, Any]) -> GenZ | None:
    if not found["mentions"]:
        return None
    names = ("p10", "p25", "p50", "p75", "p90")
    spread = {name: round(value, 4) for name, value in zip(names, found["gen_z_quantiles"], strict=True)}
    parts = {row["part"]: round(row["events"] / found["mentions"], 4) for row in found["parts"] or []}
    return GenZ(**spread, signs=found["gen_z_signs"], parts=parts)


def _known_hour(lake: LakeReader, name: str) -> datetime:
    """When a topic was last mentioned: most that people ask for were in the last days, which are soon looked at.

    Raises:
        HTTPException: it never was.
    """
    if newest := lake.newest("topic_activity", "hour"):
        for since in (newest - _DAY, newest - timedelta(days=_DEFAULT_DAYS), EVER):
            last: datetime | None = lake.value(_LAST, (name, since), Within("topic_activity", "hour", since, None))
            if last:
                return last
    raise HTTPException(404, f"no topic {name!r}: search for it (GET /topics?prefix=, `search_topics`)")


def _post(row: dict[str, Any], dagster: str, linked: bool) -> Post:
    source, user = row["source"], row["user_id"]
    link = post_link(source, row.pop("content_id"), row.pop("answered")) if linked else None
    author = person_name(source, user, row.pop("username"))
    page = partition_link(dagster, "events", row["timestamp"])
    return Post(**row, author=author, link=link, dagster_link=page)


def _user(row: dict[str, Any], linked: bool) -> TopicUser:
    source, user = row["source"], row["user_id"]
    name = person_name(source, user, row.pop("username"))
    return TopicUser(**row, name=name, link=person_link(source, user) if linked else None)


def _predictions(
    lake: LakeReader, dagster: str, name: str, asked: Span, labels: list[str], limit: int
) -> list[Prediction]:
    # An outcome is of the partition of its horizon's last hour: it is found by its cut.
    outcomes = Within("prediction_outcomes", "cut", asked.start, asked.end + _HOUR)
    found = lake.read(_PREDICTIONS, [name, asked.start, asked.end, labels, limit], asked.of("predictions"), outcomes)
    return [prediction(lake, row, dagster) for row in found.iter_rows(named=True)]


def _span(lake: LakeReader, start: Start, end: End) -> Span | None:
    newest = lake.newest("topic_activity", "hour")
    return newest and span(start, end, newest, _DEFAULT_DAYS, lake.settings.api.max_days)
