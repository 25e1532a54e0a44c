"""The top list as the dashboard shows it: each forecast with posts, platforms, people and a range."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter

from api.models.predictions import Card, CardPage, Driver, Platform, Prediction, Range, Sample
from api.pipeline.dagster_client import Dagster
from api.reading.cards import Errors, beside, hours_until, usernames
from api.reading.lake import LakeReader, Reader
from api.routes.predictions import Top, page
from trend_assets.links import person_link, person_name, post_link

router = APIRouter(prefix="/predictions", tags=["predictions"])

_DAY_HOURS = 24
_DAYS = (*(f"mentions_day_{day}" for day in range(7, 1, -1)), "mentions_24h")


@router.get("/cards")
def cards(lake: Reader, dagster: Dagster, wanted: Top) -> CardPage:
    """`/predictions/top` with what a person wants to see beside it, all of it as it was known at the cut."""
    found = page(lake, dagster.address, wanted)
    if found.cut is None:
        return CardPage(cut=None, simulated=found.simulated, items=[], reason=found.reason)
    known = beside(lake, [item.topic for item in found.items], found.cut)
    users = {user["user_id"] for item in found.items for user in _users(item)}
    named = usernames(lake, users, found.cut)
    errors = Errors(lake, wanted.label, found.cut)
    linked = lake.has_platform_ids()
    came = _came(lake, found.items, found.cut)
    return CardPage(
        cut=found.cut,
        revisions=found.revisions,
        simulated=found.simulated,
        items=[_card(item, known.get(item.topic, {}), named, errors, linked, came) for item in found.items],
        left_out=found.left_out,
        reason=found.reason,
    )


def _came(lake: LakeReader, items: list[Prediction], cut: datetime) -> dict[str, int]:
    """In how many hours those that came true did."""
    true = [item for item in items if item.came_true]
    if not true:
        return {}
    forecast, hours = lake.settings.forecast, true[0].horizon_hours
    needed = forecast.further_horizons.get(hours, forecast.threshold)
    return hours_until(lake, [item.topic for item in true], cut, timedelta(hours=hours), needed)


def _card(
    item: Prediction,
    known: dict[str, Any],
    named: dict[str, str | None],
    errors: Errors,
    linked: bool,
    came: dict[str, int],
) -> Card:
    counts = item.metadata
    bounds = errors.bounds(item.mentions_before, item.growth, item.confidence, counts.get("needed"))
    return Card(
        **item.model_dump(),
        days=[counts[name] for name in _DAYS] if counts.keys() >= set(_DAYS) else [],
        expected_range=None if bounds is None else Range(**bounds._asdict()),
        platforms=[Platform(**platform) for platform in known.get("platforms") or []],
        spam_share=known.get("spam_share"),
        came_after_hours=came.get(item.topic),
        is_new=counts.get("age_hours", _DAY_HOURS) < _DAY_HOURS,
        posts=[_sample(post, linked) for post in known.get("posts") or []],
        drivers=[
            _driver(user["user_id"], user["log_odds"], named.get(user["user_id"]), linked) for user in _users(item)
        ],
    )


def _users(item: Prediction) -> list[dict[str, Any]]:
    """Those of `metadata` for whom the chance is higher; forecasts of earlier releases name none."""
    return [user for user in item.metadata.get("users") or [] if user.get("log_odds", 0) > 0]


def _sample(post: dict[str, Any], linked: bool) -> Sample:
    return Sample(
        id=post["id"],
        timestamp=post["timestamp"],
        source=post["source"],
        text=post["text"],
        author=person_name(post["source"], post["user_id"], post["username"]),
        link=post_link(post["source"], post["content_id"], post["answered"]) if linked else None,
    )


def _driver(person: str, log_odds: float, username: str | None, linked: bool) -> Driver:
    source, _, user = person.partition(":")
    return Driver(
        user_id=user,
        source=source,
        name=person_name(source, user, username),
        link=person_link(source, user) if linked else None,
        odds=round(math.exp(log_odds), 2),
    )
