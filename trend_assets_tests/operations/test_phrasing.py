"""Phrases of a lake's hours: the same however they are made, and taken up from the states of days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from trend_assets.enrichment.activity import topic_activity
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, NODES, PHRASE_STATES, TEMPORAL_EDGES, TOPIC_PHRASES
from trend_assets.operations.phrasing import track
from trend_assets.operations.privacy.removal import remove
from trend_assets.operations.privacy.traces import Subject, find

START = datetime(2026, 3, 2, tzinfo=UTC)
ONE, DAY = timedelta(hours=1), timedelta(days=1)
CHOICE = Choice()
DAYS = 3
BEFORE, AFTER = ["and", "the", "about", "with"], ["is", "was", "it"]


def event(moment: datetime, number: int, user: str, text: str) -> dict[str, object]:
    content = f"{moment:%d%H}-{number}"
    return {
        "id": f"archive:original:{content}", "hour": moment.replace(minute=0), "timestamp": moment,
        "source": "archive", "event_type": "original", "content_id": content, "user_id": user, "text": text,
        "language": "en", "hashtags": [], "topics": [], "context": "{}", "features": "{}", "spam_score": 0.0,
        "edge_weight": 1.0, "gen_z_score": 0.0,
    }  # fmt: skip


def made_up() -> pl.DataFrame:
    """Days of small talk; on the second one three users begin to speak of Neuralink, on the third of Gravelotte."""
    rows = []
    for hour in range(DAYS * 24):
        moment = START + hour * ONE
        rows += [event(moment, at, f"u{at}", "nothing but the usual weather chatter") for at in range(2)]
        for word, begin in (("Neuralink", 30), ("Gravelotte", 53)):
            if begin <= hour:
                text = f"{BEFORE[hour % 4]} {word} {AFTER[hour % 3]} here"
                rows.append(event(moment, len(rows), f"s{hour % 5}", text))
    return EVENTS.frame(rows)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    made = Lake(LakeLocation(tmp_path))
    made.write(EVENTS, made_up(), START, START + DAYS * DAY)
    yield made
    made.close()


def make(lake: Lake, first: int, last: int) -> int:
    """Makes the hours from `first` to before `last`; tells how many were judged again."""
    start, end = START + first * ONE, START + last * ONE
    found = track(lake, CHOICE, start, end, lake.read_table(EVENTS, start, end))
    lake.write(TOPIC_PHRASES, found.rows, start, end)
    return found.replayed


def states(lake: Lake) -> pl.DataFrame:
    return lake.read_table(PHRASE_STATES)


def test_hours_one_by_one_give_the_rows_and_states_of_one_range(lake: Lake, tmp_path: Path) -> None:
    make(lake, 0, DAYS * 24)
    other = Lake(LakeLocation(tmp_path / "other"))
    other.write(EVENTS, made_up(), START, START + DAYS * DAY)
    make(other, 0, 26)
    again = [make(other, hour, hour + 1) for hour in range(26, DAYS * 24)]
    assert_frame_equal(other.read_table(TOPIC_PHRASES), lake.read_table(TOPIC_PHRASES))
    assert_frame_equal(states(other), states(lake))
    assert set(lake.read_table(TOPIC_PHRASES)["topic"]) == {"neuralink", "gravelotte"}
    assert max(again) == 23 and states(lake).height == DAYS
    other.close()


def test_hours_made_again_change_no_row_and_no_state(lake: Lake) -> None:
    make(lake, 0, DAYS * 24)
    rows, before = lake.read_table(TOPIC_PHRASES), states(lake)
    for first, last in ((40, 41), (24, 48), (50, 60)):
        make(lake, first, last)
        assert_frame_equal(lake.read_table(TOPIC_PHRASES), rows)
        assert_frame_equal(states(lake), before)


def test_posts_that_come_late_change_what_is_made_again_and_later_states_go(lake: Lake) -> None:
    make(lake, 0, DAYS * 24)
    rows = lake.read_table(TOPIC_PHRASES)
    moment = START + 40 * ONE
    late = EVENTS.frame(
        [event(moment, 900 + at, f"l{at}", f"{BEFORE[at]} Zorblax {AFTER[at]} late") for at in range(3)]
    )
    lake.write(EVENTS, pl.concat([lake.read_table(EVENTS, moment, moment + ONE), late]), moment, moment + ONE)
    assert_frame_equal(lake.read_table(TOPIC_PHRASES), rows)
    make(lake, 40, 41)
    assert "zorblax" in set(lake.read_table(TOPIC_PHRASES)["topic"])
    assert states(lake)["hour"].to_list() == [START + DAY, START + 2 * DAY]
    # The next hour takes up the last state that is left.
    assert make(lake, 71, 72) == 23
    assert states(lake)["hour"].max() == START + 3 * DAY


def test_other_settings_begin_anew_from_the_events_before(lake: Lake) -> None:
    make(lake, 0, DAYS * 24)
    start, end = START + 60 * ONE, START + 61 * ONE
    events = lake.read_table(EVENTS, start, end)
    found = track(lake, Choice(sigma=2.5), start, end, events)
    assert found.replayed == 60 and found.rows.height
    assert track(lake, Choice(kinds=frozenset({"hashtags"})), start, end, events).rows.is_empty()


def test_a_post_without_tags_becomes_a_mention_in_the_graph_and_in_the_activity(lake: Lake) -> None:
    make(lake, 0, DAYS * 24)
    events, phrases = lake.read_table(EVENTS), lake.read_table(TOPIC_PHRASES)
    graph = GraphBuilder().build(events, phrases)
    lake.write(TEMPORAL_EDGES, graph.edges, START, START + DAYS * DAY)
    lake.write(NODES, graph.nodes)
    mentions = lake.read("SELECT event_id, topic, user_id FROM mentions")
    assert set(mentions.select("event_id", "topic").rows()) == set(phrases.select("event_id", "topic").rows())
    assert mentions.height == phrases.height and mentions["user_id"].null_count() == 0
    counted = topic_activity(events, phrases)
    assert counted["mentions"].sum() == phrases.height
    assert topic_activity(events).is_empty()


def test_a_forgotten_users_rows_go_and_what_others_said_stays(lake: Lake) -> None:
    make(lake, 0, DAYS * 24)
    theirs = set(lake.read_table(EVENTS).filter(user_id="s1")["id"])
    before = lake.read_table(TOPIC_PHRASES)
    with lake.transaction() as connection:
        removal = remove(connection, find(lake, Subject("user", "s1"), None))
    left = lake.read_table(TOPIC_PHRASES)
    assert removal.rows["topic_phrases"] == before.height - left.height > 0
    assert not theirs & set(left["event_id"]) and set(left["topic"]) == {"neuralink", "gravelotte"}
