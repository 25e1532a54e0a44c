"""What stands beside a forecast, and the figures and choices of the dashboard."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.reading.cards import Errors
from api.reading.lake import LakeReader
from trend_assets.lake.tables import EVENTS, NODES, PREDICTION_OUTCOMES, PREDICTIONS, TEMPORAL_EDGES
from trend_assets.settings import DagsterSettings, Settings
from trend_assets.settings.attention import AttentionSettings
from trend_assets.settings.storage import PrivacySettings
from trend_assets_tests.api.conftest import CUT, ONE, counts, event, fill, forecasts, outcomes

Serve = Callable[[Settings], AbstractContextManager[httpx.Client]]
NOW = CUT + 48 * ONE
GROWTH = 0.5
#: How far earlier forecasts were out, in equal steps from -1 to 1.
ERRORS = [index / 20 - 1 for index in range(41)]
CHANNEL = "UCXzUddou1VJ-cVj_Nsn3_lP"


def post(number: int, source: str, user: str, username: str | None, **more: Any) -> dict[str, Any]:
    made = event(number, NOW - ONE, source, ["#topic0"], user, f"post {number}")
    return {**made, "context": json.dumps({"username": username}), "spam_score": 0.1, **more}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cut at NOW; forecasts a day earlier that came out with ERRORS, and one whose outcome is not known by then."""
    found = tmp_path_factory.mktemp("cards") / "home"
    lake = fill(found)
    before, after = NOW - 25 * ONE, NOW + ONE
    users = [{"user_id": "twitter:7", "log_odds": math.log(2)}, {"user_id": "twitter:8", "log_odds": -0.1}]
    days = {f"mentions_day_{day}": 9 - day for day in range(2, 8)}
    now = [{**row, "growth": GROWTH if index < 2 else None} for index, row in enumerate(forecasts(NOW))]
    now[0]["metadata"] = json.dumps({**counts(0), **days, "age_hours": 5, "users": users})
    row, result = forecasts(before)[0], outcomes(before, {0})[0]
    earlier = [{**row, "topic": f"#old{index}", "rank": index + 1, "growth": 0.0} for index in range(41)]
    came = [{**result, "topic": f"#old{index}", "growth": error} for index, error in enumerate(ERRORS)]
    late = {**forecasts(after - 24 * ONE)[0], "growth": 0.0}
    unknown = {**outcomes(after - 24 * ONE, {0})[0], "growth": 9.0, "hour": NOW}
    for rows, cut in ((now, NOW), (earlier, before), ([late], after - 24 * ONE)):
        lake.write(PREDICTIONS, PREDICTIONS.frame(rows), cut - ONE, cut)
    for rows in (came, [unknown]):
        hour = rows[0]["hour"]
        lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(rows), hour, hour + ONE)
    posts = [
        post(31, "twitter", "7", "ada"),
        post(32, "twitter", "7", "ada", text="post 31"),
        post(33, "youtube", CHANNEL, "A channel", content_id="dQw4w9WgXcQ"),
        post(34, "twitter", "8", None, spam_score=0.9),
        post(35, "twitter", "9", None, event_type="retweet", text="again"),
        post(36, "twitter", "9", None, text="x" * 600),
    ]
    lake.write(EVENTS, EVENTS.frame(posts), NOW - ONE, NOW)
    nodes = [(1, f"youtube:{CHANNEL}"), (2, "youtube:UCunknownunknownunknown0"), (3, "mastodon:mas.to"), (4, "twitter")]
    kept = {"kind": "community", "first_seen": NOW}
    lake.write(NODES, NODES.frame([{"node_id": number, "key": key, **kept} for number, key in nodes]))
    edge = {"hour": NOW - ONE, "timestamp": NOW - ONE, "src": 9, "edge_type": "in", "weight": 1.0}
    edges = [{**edge, "event_id": f"e{number}", "dst": number} for number, _ in nodes]
    lake.write(TEMPORAL_EDGES, TEMPORAL_EDGES.frame(edges), NOW - ONE, NOW)
    lake.close()
    return found


@pytest.fixture(scope="module")
def client(home: Path, serve: Serve) -> Iterator[httpx.Client]:
    attention = AttentionSettings(watch={"mine": ["#topic3"]})
    with serve(Settings(home=home, attention=attention, dagster=DagsterSettings(port=1))) as found:
        yield found


def cards(client: httpx.Client, **asked: str) -> list[dict[str, Any]]:
    answer = client.get("/predictions/cards", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_a_range_is_that_of_earlier_errors_that_were_known_then(client: httpx.Client) -> None:
    first, second, *others = cards(client)
    # A tenth of the errors lies below -0.8 and above 0.8; 5 mentions before.
    low, middle, high = (round(6 * math.exp(GROWTH + error) - 1) for error in (-0.8, 0, 0.8))
    expected = {"low": low, "middle": middle, "high": high, "forecasts": 41}
    assert first["expected_range"] == second["expected_range"] == expected
    assert all(item["expected_range"] is None for item in others)


@pytest.mark.parametrize(
    ("confidence", "needed", "bounds"),
    [(None, None, (4, 22)), (0.5, None, (4, 22)), (0.95, 9, (9, 22)), (0.5, 9, (4, 22)), (0.5, 2, (1, 22)),
     (0.5, 30, (4, 30)), (0.05, 9, (4, 8))],
)  # fmt: skip
def test_a_range_agrees_with_the_chance_beside_it(
    home: Path, confidence: float | None, needed: int | None, bounds: tuple[int, int]
) -> None:
    reader = LakeReader(Settings(home=home))
    found = Errors(reader, "emerges", NOW).bounds(5, math.log(1.7), confidence, needed)
    assert found is not None and found.forecasts == 41
    assert (found.low, found.high) == bounds


def test_a_card_has_posts_platforms_people_and_days(client: httpx.Client) -> None:
    first = cards(client)[0]
    assert first["days"] == [2, 3, 4, 5, 6, 7, 0] and first["is_new"]
    assert [(sample["text"][:10], sample["author"]) for sample in first["posts"]] == [
        ("xxxxxxxxxx", None), ("post 33", "A channel"), ("post 31", "@ada")
    ]  # fmt: skip
    assert len(first["posts"][0]["text"]) == 500
    assert first["posts"][1]["link"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert first["platforms"] == [{"source": "twitter", "posts": 5}, {"source": "youtube", "posts": 1}]
    assert first["spam_share"] == pytest.approx(1 / 6)
    ada = {"user_id": "7", "source": "twitter", "name": "@ada", "link": "https://x.com/i/user/7", "odds": 2.0}
    assert first["drivers"] == [ada]
    silent = cards(client)[5]
    assert not (silent["posts"] or silent["platforms"] or silent["drivers"]) and silent["spam_share"] is None


def test_nobody_is_linked_where_ids_are_hashed(home: Path, serve: Serve) -> None:
    privacy = PrivacySettings(hash_user_ids=True, hash_key=SecretStr("sixteen letters and more"))
    with serve(Settings(home=home, privacy=privacy, dagster=DagsterSettings(port=1))) as client:
        first = cards(client)[0]
        story = client.get("/topics/%23topic0", params={"end": NOW.isoformat()}).json()
    people = [*first["posts"], *first["drivers"], *story["posts"], *story["users"]]
    assert len(people) > 6 and all(one["link"] is None for one in people)


def test_topics_of_a_category_alone(client: httpx.Client) -> None:
    # #topic2 got its label at CUT.
    assert [item["topic"] for item in cards(client, category="tech")] == ["#topic0", "#topic2"]
    assert [item["topic"] for item in cards(client, category="tech", at=CUT.isoformat())] == ["#topic0"]
    assert cards(client, category="sports") == []


def test_the_summary_counts_a_day_and_names_the_choices(client: httpx.Client) -> None:
    found = client.get("/summary").json()
    assert (found["posts"], found["posts_before"], found["topics"]) == (6, 0, 12)
    assert found["cut"] == "2024-01-04T00:00:00Z" and not found["simulated"]
    choices = {name: [one["title"] for one in values] for name, values in found["choices"].items()}
    assert choices["label"] == ["Will grow", "Unusually high for this topic", "New and rising"]
    assert choices["source"] == ["X", "YouTube"] and choices["language"] == ["en"]
    assert choices["community"] == ["mas.to (Mastodon)", "A channel (YouTube)"]
    assert choices["category"] == ["tech"] and choices["watch"] == ["mine"]
    known = client.get("/summary", params={"label": "bursts"}).json()
    assert known["cut"] is None and known["topics"] == 0
