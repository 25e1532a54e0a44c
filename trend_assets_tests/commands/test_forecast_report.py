"""A forecast in the terminal: reasons, people, what was left out, and how earlier ones came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from trend_assets.commands.forecast_report import show_forecast
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTION_OUTCOMES, PREDICTIONS, RAW_EVENTS
from trend_assets.settings import Settings
from trend_assets.settings.attention import AttentionSettings
from trend_assets_tests.api.conftest import CUT, ONE, event, fill, forecasts, outcomes

LATER = CUT + timedelta(days=3)
USERS = [
    {"user_id": "twitter:7", "log_odds": 1.2},
    {"user_id": "twitter:12", "log_odds": 0.3},
    {"user_id": "twitter:8", "log_odds": -0.5},
]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """Two scored cuts, and one three days later whose second topic looks like spam."""
    made = fill(tmp_path)
    rows = forecasts(LATER)
    counts = {"mentions_24h": 9, "mentions_day_2": 2, "users_24h": 5, "users": USERS}
    rows[0]["metadata"] = json.dumps(counts)
    made.write(PREDICTIONS, PREDICTIONS.frame(rows), LATER - ONE, LATER)
    hour = LATER - 2 * ONE
    posts = [
        {**event(30, hour, "twitter", ["#topic1"], "9", "buy"), "spam_score": 0.9},
        {**event(31, hour, "twitter", ["#topic0"], "7", "hello"), "context": '{"username": "ann"}'},
    ]
    made.write(EVENTS, EVENTS.frame(posts), hour, hour + ONE)
    yield made
    made.close()


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_each_topic_has_its_reasons_and_the_people_behind_it(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_forecast(lake, Settings(home=tmp_path), LATER, "emerges", 3)
    said = told(capsys)
    assert "#topic0: 9 mentions in 24 h, 2 in the 24 h before; by 5 users; likelier because of @ann and " in said
    assert "@ann and https://x.com/i/user/12 " in said and "user/8" not in said


def test_ids_that_are_nobodys_address_make_no_link(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = {
        name: value for name, value in event(40, CUT, "twitter", [], "7", "").items() if name in RAW_EVENTS.column_names
    }
    made = {"format": "x_v2", "raw_data": "{}", "origin": "simulator:twitter", "collected_at": CUT}
    lake.write(RAW_EVENTS, RAW_EVENTS.frame([raw | made]))
    show_forecast(lake, Settings(home=tmp_path), LATER, "emerges", 3)
    said = told(capsys)
    assert "@ann and twitter user 12" in said and "https://" not in said


def test_spam_and_muted_topics_are_left_out_and_the_spam_is_named(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path, attention=AttentionSettings(muted=["#topic2"]))
    show_forecast(lake, settings, LATER, "emerges", 2)
    said = told(capsys)
    assert "Left out, for they look like spam (--spam shows them): #topic1." in said
    assert "#topic0:" in said and "#topic3:" in said and "#topic2" not in said
    show_forecast(lake, settings, LATER, "emerges", 2, spam=True)
    said = told(capsys)
    assert "#topic1:" in said and "Left out" not in said


def test_where_all_topics_are_left_out_nobody_is_told_that_nothing_was_mentioned(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [row["topic"] for row in forecasts(LATER) if row["topic"] != "#topic1"]
    settings = Settings(home=tmp_path, attention=AttentionSettings(muted=others))
    show_forecast(lake, settings, LATER, "emerges", 2)
    said = told(capsys)
    assert "each one that was mentioned looks like spam, or is muted" in said and "nothing was mentioned" not in said
    assert "Left out, for they look like spam (--spam shows them): #topic1." in said
    show_forecast(lake, settings, LATER + timedelta(days=9), "emerges", 2)
    assert "nothing was mentioned" in told(capsys)


def test_earlier_forecasts_are_those_whose_outcome_was_known(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_forecast(lake, Settings(home=tmp_path), LATER, "emerges", 3)
    assert "Earlier forecasts, at 2 cuts until 2024-01-04 00:00: of the ten likeliest 1.5 came true" in told(capsys)
    # What came of a forecast of the day before is not known yet.
    near = LATER - 12 * ONE
    lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(near)), near - ONE, near)
    lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(outcomes(near, {0})), near + 23 * ONE, near + 24 * ONE)
    show_forecast(lake, Settings(home=tmp_path), LATER, "emerges", 3)
    assert "at 2 cuts until" in told(capsys)
    show_forecast(lake, Settings(home=tmp_path), LATER, "emerges", 3, earlier=False)
    assert "Earlier forecasts" not in told(capsys)
