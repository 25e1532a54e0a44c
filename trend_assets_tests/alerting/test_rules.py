"""Each rule against rows of a real lake, just below and just above what it tells of."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from trend_assets.alerting.alert import RULES, Alert
from trend_assets.alerting.quiet import QuietHours
from trend_assets.alerting.rules import evaluate
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Table
from trend_assets.lake.tables import COLLECTION_ATTEMPTS, COLLECTION_STATUS, EVENTS, PREDICTIONS, TRAINING_RUNS
from trend_assets.settings import AlertRule, Settings
from trend_assets_tests.alerting.conftest import Configure

NOW = datetime(2026, 2, 3, 12, 20, tzinfo=UTC)
CUT = datetime(2026, 2, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(lake: Lake, settings: Settings, now: datetime = NOW) -> list[tuple[str, str]]:
    return [(alert.rule, alert.subject) for alert in evaluate(lake, settings, now)]


def filled(table: Table, **values: object) -> dict[str, object]:
    """A row with the values, and something plain in every other column that may not be null."""
    plain = {
        "VARCHAR": "",
        "VARCHAR[]": [],
        "JSON": "{}",
        "BIGINT": 0,
        "DOUBLE": 0.0,
        "TIMESTAMPTZ": CUT,
        "BOOLEAN": False,
    }
    return {column.name: plain[column.type] for column in table.columns if not column.nullable} | values


def predict(
    lake: Lake, cut: datetime, label: str = "emerges", made: str = "live", hours: int = 24, model: str = "tgn-1"
) -> None:
    rows = [
        filled(PREDICTIONS, hour=cut - HOUR, cut=cut, label=label, topic=topic, rank=rank, confidence=confidence)
        | {"model_version": model, "metadata": "{}", "made": made, "horizon_hours": hours}
        for rank, (topic, confidence) in enumerate((("#a", 0.9), ("#b", 0.6), ("$c", None)), 1)
    ]
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows), cut - HOUR, cut)


def test_every_rule_of_the_settings_has_a_severity() -> None:
    assert set(RULES) == set(AlertRule.__args__)


def test_an_empty_lake_tells_nothing(lake: Lake, configure: Configure) -> None:
    assert (
        told(lake, configure(alerts={"topic_confidence": 0.1, "watch_list": ["#a"]}, twitter={"enabled": True})) == []
    )


def test_a_forecast_that_was_late_or_revised_is_not_told_of(lake: Lake, configure: Configure) -> None:
    predict(lake, CUT - HOUR)
    predict(lake, CUT, made="late")
    assert told(lake, configure(alerts={"topic_confidence": 0.7})) == []


def test_topics_above_a_confidence_of_the_newest_cut_are_told(lake: Lake, configure: Configure) -> None:
    predict(lake, CUT - HOUR)
    predict(lake, CUT)
    settings = configure(alerts={"topic_confidence": 0.7})
    (alert,) = evaluate(lake, settings, NOW)
    assert alert == Alert(
        "topic_confident",
        "#a",
        "rank 1: will grow (chance 90 %): 0 mentions in 24 h; forecast at 2026-02-03 12:00 UTC by tgn-1",
    )
    assert len(told(lake, configure(alerts={"topic_confidence": 0.6}))) == 2
    assert told(lake, configure(alerts={"topic_confidence": 0.6, "topic_label": "bursts"})) == []
    assert told(lake, configure()) == []
    assert told(lake, settings, NOW + timedelta(days=1)) == [], "a forecast of the past is no news"


def test_spam_and_muted_topics_are_not_told_of_unless_they_are_watched(lake: Lake, configure: Configure) -> None:
    predict(lake, CUT)
    post = filled(EVENTS, id="1", hour=CUT - HOUR, topics=["#a"], spam_score=0.9)
    lake.write(EVENTS, EVENTS.frame([post]), CUT - HOUR, CUT)
    confident = {"topic_confidence": 0.5}
    assert told(lake, configure(alerts=confident)) == [("topic_confident", "#b")]
    assert told(lake, configure(alerts=confident, attention={"hide_spam": False, "muted": ["#b"]})) == [
        ("topic_confident", "#a")
    ]
    assert told(lake, configure(alerts={"watch_list": ["#a"]})) == [("watch_list", "#a")]


def test_the_main_horizon_is_told_of_unless_another_is_chosen(lake: Lake, configure: Configure) -> None:
    predict(lake, CUT, label="emerges_6h", hours=6)
    assert told(lake, configure(alerts={"topic_confidence": 0.7})) == []
    (alert,) = evaluate(lake, configure(alerts={"topic_confidence": 0.7, "topic_horizon": 6}), NOW)
    assert "will grow (chance 90 %): 0 mentions in 6 h" in alert.message
    for wrong in ({"topic_horizon": 48}, {"topic_horizon": 6, "topic_label": "bursts"}):
        with pytest.raises(ValueError, match="is not forecast: "):
            configure(alerts=wrong)


def test_where_counting_ranks_a_watched_topic_is_not_said_to_grow(lake: Lake, configure: Configure) -> None:
    predict(lake, CUT, model="baseline:mentions_24h")
    (alert,) = evaluate(lake, configure(alerts={"watch_list": ["#a"]}), NOW)
    assert "rank 1: for the next 24 h, ranked by counting: most mentions in 24 h; " in alert.message


def test_watched_topics_are_told_from_their_rank_on_however_they_are_written(lake: Lake, configure: Configure) -> None:
    predict(lake, CUT)
    watched = {"watch_list": [" $C", "#B", "#unheard"]}
    assert told(lake, configure(alerts=watched)) == [("watch_list", "#b"), ("watch_list", "$c")]
    assert told(lake, configure(alerts={"watch_list": ["#\uff22\u200b", "#"]})) == [("watch_list", "#b")]
    assert told(lake, configure(alerts={**watched, "watch_rank": 2})) == [("watch_list", "#b")]
    assert told(lake, configure(alerts={**watched, "muted": ["watch_list", "topic_confident"]})) == []


def collected(source: str, hour: datetime, status: str, message: str = "") -> dict[str, object]:
    return filled(COLLECTION_STATUS, source=source, hour=hour, status=status, message=message, finished_at=hour + HOUR)


def test_an_enabled_source_is_late_by_its_last_collected_hour(lake: Lake, configure: Configure) -> None:
    rows = [
        collected("twitter", CUT - 4 * HOUR, "partial"),
        collected("twitter", CUT - HOUR, "failed", "X answered 503"),
        collected("youtube", CUT - 2 * HOUR, "empty"),
        collected("google_trends", CUT - 5 * HOUR, "complete"),
    ]
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(rows))
    enabled = {"twitter": {"enabled": True}, "youtube": {"enabled": True}}
    (alert,) = evaluate(lake, configure(**enabled), NOW)
    assert alert.subject == "twitter"
    assert alert.message == "the newest collected hour ended 2026-02-03 09:00 UTC; last: X answered 503"
    assert told(lake, configure(**enabled, alerts={"source_late_hours": 4})) == []
    later = told(lake, configure(**enabled), NOW + 2 * HOUR)
    assert later == [("source_late", "twitter"), ("source_late", "youtube")]


def test_a_refused_key_is_critical_until_an_attempt_succeeds(lake: Lake, configure: Configure) -> None:
    def attempt(minutes: int, status: str, failure: str, message: str = "") -> None:
        at = NOW - timedelta(minutes=minutes)
        row = filled(COLLECTION_ATTEMPTS, hour=CUT - HOUR, source="twitter", finished_at=at, status=status)
        row |= {"failure": failure, "message": message}
        lake.write(COLLECTION_ATTEMPTS, COLLECTION_ATTEMPTS.frame([row]))

    attempt(50, "failed", "auth", "X refuses the key (401)")
    attempt(40, "running", "")
    (alert,) = evaluate(lake, configure(), NOW)
    assert (alert.rule, alert.message, alert.severity) == ("key_refused", "X refuses the key (401)", "critical")
    attempt(30, "complete", "")
    assert told(lake, configure()) == []


def test_failed_and_refused_trainings_are_told_by_their_newest_run(lake: Lake, configure: Configure) -> None:
    week = datetime(2026, 2, 2, tzinfo=UTC)

    def train(hours: int, **values: object) -> None:
        row = filled(TRAINING_RUNS, run_id=f"r{hours}", week=week, started_at=NOW - hours * HOUR, **values)
        lake.write(TRAINING_RUNS, TRAINING_RUNS.frame([row]))

    train(30, status="failed", error="of yesterday")
    assert told(lake, configure()) == []
    train(5, status="failed", error="412 mentions, training needs 500")
    (alert,) = evaluate(lake, configure(), NOW)
    assert alert == Alert("training_failed", "week of 2026-02-02", "412 mentions, training needs 500")
    train(4, status="succeeded", model_version="tgn-2", promoted=False, decision="clearly worse than mentions_3h")
    (alert,) = evaluate(lake, configure(), NOW)
    assert alert.rule == "model_not_promoted"
    assert alert.message == "tgn-2 is not put to use: clearly worse than mentions_3h"
    train(3, status="succeeded", model_version="tgn-3", promoted=True, decision="better")
    assert told(lake, configure()) == []


def test_little_room_on_the_disk_is_told(lake: Lake, configure: Configure) -> None:
    (alert,) = evaluate(lake, configure(alerts={"disk_low_gb": 1e9}), NOW)
    assert (alert.rule, alert.severity) == ("disk_low", "critical")
    assert "GB are free, fewer than 1e+09 GB (alerts.disk_low_gb)" in alert.message
    assert told(lake, configure(alerts={"disk_low_gb": 0})) == []


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-03-28T20:59:00+00:00", False),  # 21:59 in Berlin, winter
        ("2026-03-28T21:00:00+00:00", True),
        ("2026-03-29T04:59:00+00:00", True),  # 06:59, summer began in the night
        ("2026-03-29T05:00:00+00:00", False),
        ("2026-03-29T19:59:00+00:00", False),
        ("2026-03-29T20:00:00+00:00", True),
    ],
)
def test_quiet_hours_span_midnight_and_follow_daylight_saving(moment: str, quiet: bool) -> None:
    hours = QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin"))
    assert hours.contains(datetime.fromisoformat(moment)) is quiet


def test_without_quiet_hours_nothing_is_quiet() -> None:
    assert not any(QuietHours().contains(NOW + hour * HOUR) for hour in range(24))
