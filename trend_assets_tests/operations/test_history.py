"""The mentions of the lake as a forecast sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from trend_assets.forecasting.history import to_datetime
from trend_assets.lake.tables import EVENTS
from trend_assets.operations.history import NothingKnown, label_settings, load_history, need_mentions
from trend_assets_tests.operations.conftest import DAYS, START, WEEK, Home, event, write_posts


def test_an_empty_lake_says_what_to_do(empty: Home) -> None:
    with pytest.raises(NothingKnown, match="no events that name a topic: import or collect posts, then run `trend"):
        load_history(empty.lake)
    with pytest.raises(NothingKnown, match="before 2026-02-02"):
        load_history(empty.lake, WEEK)
    with pytest.raises(NothingKnown, match="before 2026-02-02"):
        need_mentions(empty.lake, WEEK)


def test_nothing_from_the_end_on_is_read(busy: Home) -> None:
    history = load_history(busy.lake, WEEK)
    assert to_datetime(history.end) == WEEK
    assert to_datetime(int(history.time.max())) < WEEK
    assert len(history) < len(load_history(busy.lake))
    with pytest.raises(NothingKnown):
        need_mentions(busy.lake, START)
    need_mentions(busy.lake, WEEK)


def test_it_spans_whole_hours(busy: Home) -> None:
    history = load_history(busy.lake)
    assert to_datetime(history.start) == busy.lake.read("SELECT min(hour) AS h FROM events")["h"][0]
    assert to_datetime(history.end) <= START + timedelta(days=DAYS)
    assert len(history) == busy.lake.read("SELECT sum(len(topics))::BIGINT AS n FROM events")["n"][0]


def test_an_event_counts_once_for_each_of_its_topics(empty: Home) -> None:
    rows = [event(1, START + timedelta(minutes=30), ["#a", "$b"], "ann"), event(2, START, [], "bob")]
    write_posts(empty.lake, EVENTS.frame(rows), START, START + timedelta(hours=1))
    history = load_history(empty.lake)
    assert sorted(history.topics) == ["#a", "$b"]
    assert len(history) == 2
    assert history.users == ("archive:ann",)


def test_the_labels_are_those_of_the_settings(busy: Home) -> None:
    forecast = busy.settings.forecast.model_copy(update={"threshold": 3, "horizon_hours": 12, "burst_ratio": 1.5})
    labels = label_settings(forecast)
    assert (labels.threshold, labels.horizon_hours, labels.burst_ratio) == (3, 12, 1.5)
    assert labels.window_hours == forecast.window_hours
    further = label_settings(forecast.model_copy(update={"further_horizons": {6: 4, 168: 20}})).further
    assert [(one.label, one.hours, one.threshold, one.min_growth) for one in further] == [
        ("emerges_6h", 6, 4, 2),
        ("emerges_7d", 168, 20, 10),
    ]
