"""Alerts on rising topics: once each, kept to a rate, and the state outlives the process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from trend_assets.lake.connection import lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import ALERT_THRESHOLDS, EVENTS, PREDICTIONS
from trend_assets.operations.attention import alert_topics
from trend_assets.settings import Settings, SimulatorSettings, load_settings
from trend_assets.settings.attention import AttentionSettings
from trend_assets_tests.operations.conftest import event

CUT = datetime(2026, 2, 3, 12, tzinfo=UTC)


@pytest.fixture
def settings(home: object) -> Settings:
    return load_settings()


@pytest.fixture
def lake(settings: Settings) -> Iterator[Lake]:
    opened = Lake(lake_location(settings))
    yield opened
    opened.close()


def stored(
    lake: Lake, cut: datetime, confidence: dict[str, float | None], label: str = "emerges", made: str = "live"
) -> datetime:
    """Stores a forecast; gives its cut."""
    frame = PREDICTIONS.frame(
        {
            "hour": cut - timedelta(hours=1),
            "cut": cut,
            "label": label,
            "horizon_hours": 24,
            "topic": topic,
            "rank": rank,
            "score": 0.5,
            "confidence": value,
            "growth": 1.4,
            "source_events_count": 3,
            "model_version": "tgn-2026-02-02-s3",
            "metadata": "{}",
            "forecast_at": cut + timedelta(minutes=10),
            "run_id": "run",
            "revision": 0,
            "made": made,
        }
        for rank, (topic, value) in enumerate(confidence.items(), start=1)
    )
    lake.write(PREDICTIONS, frame, cut - timedelta(hours=1), cut)
    return cut


def alerts(settings: Settings) -> list[dict[str, str]]:
    path = settings.logs_folder / "alerts.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def test_what_exceeds_the_threshold_is_told_once(lake: Lake, settings: Settings) -> None:
    stored(lake, CUT, {"#a": 0.91, "#b": 0.3, "#c": None})
    assert alert_topics(lake, settings, CUT, CUT) == 1
    assert alert_topics(lake, settings, CUT, CUT) == 0
    assert alert_topics(lake, settings, stored(lake, CUT + timedelta(hours=1), {"#a": 0.9}), CUT) == 0
    (alert,) = alerts(settings)
    assert (alert["kind"], alert["subject"]) == ("topic_rising", "#a")
    assert alert["message"] == (
        "will grow (chance 91 %): 3 → about 15 mentions in 24 h; "
        "threshold 50 %, forecast at 2026-02-03 12:00 UTC by tgn-2026-02-02-s3"
    )


def test_topics_that_look_like_spam_alert_nobody_unless_they_are_wanted(lake: Lake, settings: Settings) -> None:
    hour = CUT - timedelta(hours=2)
    posts = [{**event(number, hour, ["#spam"], "ann"), "spam_score": score} for number, score in enumerate((0.9, 0.1))]
    lake.write(EVENTS, EVENTS.frame(posts), hour, hour + timedelta(hours=1))
    stored(lake, CUT, {"#spam": 0.95, "#b": 0.9})
    assert alert_topics(lake, settings, CUT, CUT) == 1
    assert [alert["subject"] for alert in alerts(settings)] == ["#b"]
    wanted = settings.model_copy(update={"attention": AttentionSettings(hide_spam=False)})
    stored(lake, CUT + timedelta(hours=1), {"#spam": 0.95})
    assert alert_topics(lake, wanted, CUT + timedelta(hours=1), CUT) == 1


def test_without_a_stored_forecast_or_its_confidence_nobody_is_told(lake: Lake, settings: Settings) -> None:
    assert alert_topics(lake, settings, CUT, CUT) == 0
    assert alert_topics(lake, settings, stored(lake, CUT, {"#a": None}), CUT) == 0
    assert alert_topics(lake, settings, stored(lake, CUT, {"#a": 0.99}, label="bursts"), CUT) == 0
    assert alerts(settings) == []


def test_only_the_live_forecast_is_told_of(lake: Lake, settings: Settings) -> None:
    assert alert_topics(lake, settings, stored(lake, CUT, {"#late": 0.9}, made="late"), CUT) == 0
    cut = stored(lake, CUT + timedelta(hours=1), {"#first": 0.9, "#other": 0.2})
    stored(lake, cut, {"#first": 0.1, "#other": 0.95})
    assert alert_topics(lake, settings, cut, cut) == 1
    assert [alert["subject"] for alert in alerts(settings)] == ["#first"]


def test_many_alerts_raise_the_threshold(lake: Lake, settings: Settings) -> None:
    for hour in range(3):
        moment = CUT + timedelta(hours=hour)
        alert_topics(lake, settings, stored(lake, moment, {f"#{hour}-{number}": 0.8 for number in range(10)}), CUT)
    found = lake.read_table(ALERT_THRESHOLDS)
    assert found["cut"].to_list() == [CUT + timedelta(hours=hour) for hour in range(3)]
    assert found["threshold"][2] > found["threshold"][0] == 0.5 and found["rate"][2] > 13
    assert len(found["raised"][0]) == 10


def test_a_forecast_that_looks_back_is_no_news_but_in_the_simulated_world(lake: Lake, settings: Settings) -> None:
    stored(lake, CUT, {"#a": 0.9}, made="backfill")
    later = CUT + timedelta(hours=7)
    assert alert_topics(lake, settings, CUT, later) == 0
    assert alerts(settings) == [] and lake.read_table(ALERT_THRESHOLDS).is_empty()
    simulated = settings.model_copy(update={"simulator": SimulatorSettings(enabled=True)})
    assert alert_topics(lake, simulated, CUT, later) == 1
    assert alerts(settings)[0]["message"].endswith("of the simulated world")
