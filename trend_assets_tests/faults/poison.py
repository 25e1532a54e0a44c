"""Events in `raw_events` that no release of ours would have written: what is made of them must not stop an hour."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets_tests.faults.deployment import HOURS, Deployment, done
from trend_assets_tests.faults.fault import Fault, Ground, Seen

_AT = datetime(2014, 1, 1, 3, 30, tzinfo=UTC)
_USER = {"id": 1, "id_str": "1", "screen_name": "x", "created_at": "Wed Jan 01 00:00:00 +0000 2014"}
_TWEET: dict[str, Any] = {
    "id": 9, "id_str": "9", "created_at": "Wed Jan 01 03:30:00 +0000 2014", "text": "a #poison", "user": _USER,
}  # fmt: skip


def _payloads() -> dict[str, tuple[str, str]]:
    """Format and payload by what is wrong with it."""

    def tweet(**changed: object) -> tuple[str, str]:
        return "twitter_v1", json.dumps({**_TWEET, **changed})

    return {
        "no_json": ("twitter_v1", "{broken"),
        "empty": ("twitter_v1", ""),
        "null": ("twitter_v1", "null"),
        "a_list": ("twitter_v1", "[1, 2]"),
        "unknown_format": ("of_another_planet", "{}"),
        "columns_without_map": ("columns:", "{}"),
        "text_is_number": tweet(text=7),
        "user_is_text": tweet(user="x"),
        "absurd_time": tweet(created_at="Wed Jan 01 03:30:00 +0000 99999"),
        "no_time": tweet(created_at=None),
        "huge_number": tweet(retweet_count=10**30),
        "negative_followers": tweet(user={**_USER, "followers_count": -(10**18)}),
        "deep": ("twitter_v1", "[" * 50_000),
        "surrogate": ("twitter_v1", json.dumps(_TWEET).replace("a #poison", "\\ud800 #poison")),
        "zero_bytes": tweet(text="a\x00b #poison"),
        "long_text": tweet(text="#poison " * 200_000),
        "many_tags": tweet(text=" ".join(f"#t{number}" for number in range(5_000))),
        "hashtags_are_numbers": tweet(entities={"hashtags": [1, None, {"text": None}]}),
        "answers_itself": tweet(in_reply_to_status_id_str="9", in_reply_to_status_id=9),
    }


def poison(deployment: Deployment) -> int:
    """Writes the events past all checks; how many."""
    rows = [
        {
            "id": f"twitter:original:poison_{name}", "hour": _AT.replace(minute=0), "timestamp": _AT,
            "source": "twitter", "event_type": "original", "content_id": f"poison_{name}", "user_id": "1",
            "format": form, "raw_data": payload, "origin": "poison", "collected_at": _AT,
        }
        for name, (form, payload) in _payloads().items()
    ]  # fmt: skip
    lake = Lake(deployment.location)
    lake.write(RAW_EVENTS, RAW_EVENTS.frame(rows))
    lake.close()
    return len(rows)


def _happen(ground: Ground) -> Seen:
    """Makes the hours with the poison in them, and compares what is made of all other posts."""
    seen, deployment = Seen(), ground.deployment()
    seen.times = poison(deployment)
    said = deployment.trend("backfill", *HOURS)
    seen.expect(said.status == 0, f"the hour failed: {said.err}")
    with deployment.lake() as lake, ground.calm.lake() as calm:
        query = "SELECT id FROM events WHERE id NOT LIKE '%poison%' ORDER BY id"
        seen.expect(lake.read(query).equals(calm.read(query)), "other posts are lost")
        made = lake.read("SELECT count(*) FROM events WHERE id LIKE '%poison%'").item()
        kept = lake.read("SELECT count(*) FROM raw_events WHERE id LIKE '%poison%'").item()
        seen.expect(kept == seen.times, "poison was deleted: what was collected must stay")
    seen.told = f"{made} of them became events, the others were left out and counted; no other post was touched"
    done(deployment.trend("status"))
    return seen


FAULTS = (Fault("poison", "events in raw_events that nothing can be made of", _happen, quick=True),)
