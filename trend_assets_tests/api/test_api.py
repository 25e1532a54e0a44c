"""Every question that reads the lake, by real HTTP."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from api.routes import export
from trend_assets.enrichment.topics import topics_of
from trend_assets.forecasting.metrics import ndcg_at_k, precision_at_k
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTION_OUTCOMES, PREDICTIONS, TOPIC_ACTIVITY, TOPIC_PHRASES
from trend_assets.operations.scoring import stored_scores
from trend_assets.settings import DagsterSettings, Settings
from trend_assets.sources.event import Event
from trend_assets_tests.api.conftest import (
    CUT,
    EVENTS_MADE,
    ONE,
    THREE_NUMBERS,
    TOPICS,
    TRUE,
    counts,
    event,
    forecasts,
    outcomes,
)
from trend_assets_tests.lake import golden_schemas


def test_top_gives_the_newest_cut_and_past_ones(client: httpx.Client) -> None:
    newest = client.get("/predictions/top", params={"k": 3}).json()
    assert [item["topic"] for item in newest["items"]] == TOPICS[:3]
    assert newest["cut"] == "2024-01-02T02:00:00Z"
    assert newest["items"][0]["came_true"] is None
    assert newest["items"][0]["words"]["verdict"] == "not known: the posts end before"
    assert newest["simulated"] is False
    past = client.get("/predictions/top", params={"k": 2, "at": "2024-01-02T00:30:00Z"}).json()
    assert past["cut"] == "2024-01-02T00:00:00Z"
    assert [item["came_true"] for item in past["items"]] == [False, True]
    assert past["items"][1]["mentions_after"] == 31
    assert past["items"][1]["metadata"] == counts(1)
    before = client.get("/predictions/top", params={"at": "2023-01-01T00:00:00Z"}).json()
    assert before["items"] == [] and before["cut"] is None


def test_predictions_are_paged_and_filtered(client: httpx.Client) -> None:
    first = client.get("/predictions", params={"limit": 5}).json()["items"]
    second = client.get("/predictions", params={"limit": 50, "after_rank": first[-1]["rank"]}).json()["items"]
    assert [item["topic"] for item in first + second] == TOPICS
    sure = client.get("/predictions", params={"min_confidence": 0.4}).json()["items"]
    assert [item["rank"] for item in sure] == [1, 2]
    named = client.get("/predictions", params={"topic": "#topic1"}).json()["items"]
    assert {item["topic"] for item in named} == {"#topic1", "#topic10", "#topic11"}
    seen = client.get("/predictions", params={"source": "youtube"}).json()["items"]
    assert [item["topic"] for item in seen] == ["#topic0", "#topic1"]
    assert client.get("/predictions", params={"topic": "' OR 1=1 --"}).json()["items"] == []


def test_the_first_forecast_is_shown_and_the_newest_on_request(
    lake: Lake, home: Path, serve: Callable[[Settings], Any]
) -> None:
    late = [{**row, "rank": 13 - row["rank"], "score": 2 - row["score"]} for row in forecasts(CUT)]
    lake.write(PREDICTIONS, PREDICTIONS.frame(late), CUT - ONE, CUT)
    with serve(Settings(home=home)) as client:
        at = {"at": CUT.isoformat()}
        first = client.get("/predictions/top", params=at).json()
        assert [item["topic"] for item in first["items"]] == TOPICS[:10] and first["revisions"] == 1
        assert {(item["revision"], item["made"]) for item in first["items"]} == {(0, "live")}
        assert first["items"][0]["forecast_at"] == "2024-01-02T00:10:00Z"
        newest = client.get("/predictions/top", params={**at, "revision": "newest"}).json()
        assert [item["topic"] for item in newest["items"]] == TOPICS[:1:-1]
        assert {(item["revision"], item["made"]) for item in newest["items"]} == {(1, "revised")}
        assert newest["items"][0]["came_true"] is False
        for name in ("first", "newest"):
            file = pl.read_parquet(io.BytesIO(client.get("/export", params={"revision": name}).content))
            assert file.height == 36 and (file["revision"] == 1).sum() == (12 if name == "newest" else 0)
        story = client.get("/topics/%23topic0", params={"end": (CUT + 3 * ONE).isoformat()}).json()
        assert {row["revision"] for row in story["predictions"]} == {0}
        assert client.get("/accuracy").json()["scored"] == {"live": 2}


def test_kinds_of_forecasts_are_measured_apart(lake: Lake, home: Path, serve: Callable[[Settings], Any]) -> None:
    old = CUT - 24 * ONE
    rows = [{**row, "made": "backfill"} for row in outcomes(old, {0})]
    lake.write(PREDICTION_OUTCOMES, PREDICTION_OUTCOMES.frame(rows), old + 23 * ONE, old + 24 * ONE)
    rows = [{**row, "made": "backfill"} for row in forecasts(old)]
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows), old - ONE, old)
    with serve(Settings(home=home)) as client:
        live = client.get("/accuracy").json()
        assert (live["made"], live["cuts"], live["scored"]) == ("live", 2, {"backfill": 1, "live": 2})
        backfill = client.get("/accuracy", params={"made": "backfill"}).json()
        assert backfill["cuts"] == 1 and backfill["overall"][0]["ndcg_at_10"] == 1.0
        late = client.get("/accuracy", params={"made": "late"}).json()
        assert late["overall"] == [] and "1 backfill (made=backfill), 2 live (made=live)" in late["reason"]


def test_a_wrong_parameter_is_a_problem(client: httpx.Client) -> None:
    for path, wrong in (
        ("/predictions/top", {"label": "explodes"}),
        ("/predictions/top", {"k": 0}),
        ("/predictions/top", {"k": 1000}),
        ("/predictions/top", {"at": "2024-01-01T00:00:00"}),
        ("/predictions/top", {"at": "soon"}),
        ("/predictions/top", {"at": "1704153600"}),
        ("/predictions/top", {"at": "0001-01-01T00:00:00+12:00"}),
        ("/topics", {"start": "2024-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}),
        ("/topics", {"start": "2000-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}),
        ("/topics", {"cursor": "nonsense"}),
        ("/events/stats", {"start": "2024-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}),
        ("/events/stats", {"start": "2000-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}),
    ):
        answer = client.get(path, params=wrong)
        assert answer.status_code == 422, (path, wrong)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "a parameter is wrong"
    assert client.get("/nowhere").json()["status"] == 404
    assert client.options("/topics").json()["status"] == 405


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("/predictions/top?labels=bursts", ["'labels'", "did you mean 'label'?", "'k'"]),
        ("/predictions/top?Label=bursts", ["did you mean 'label'?"]),
        ("/predictions/top?k=3&k=4", ["'k' stands there 2 times"]),
        ("/predictions?at=2024-01-01T00:00:00", ["at: names no time zone: write it as 2026-02-02T12:00:00Z"]),
        ("/topics?start=2024-01-01T00:00:00Z&end=2024-01-01T00:00:00Z", ["the span is empty"]),
        ("/predictions?label=Bursts", ["'Bursts'", "did you mean 'bursts'?", "'emerges'"]),
        ("/predictions?source=Twitter", ["'Twitter'", "did you mean 'twitter'?", "'youtube'"]),
        ("/predictions/top?source=", ["there is no ''", "'twitter'"]),
        ("/collection/status?source=Twitter", ["did you mean 'twitter'?", "'mastodon'"]),
        ("/collection/status?status=broken", ["'broken'", "'failed'", "'partial'"]),
        ("/accuracy?model=nothere", ["'nothere'", "'tgn-2024-01-01-s1'"]),
        ("/accuracy?model=TGN-2024-01-01-s1", ["did you mean 'tgn-2024-01-01-s1'?"]),
        ("/alerts?rule=disk", ["'disk'", "'disk_low'"]),
        ("/alerts?state=open", ["'waiting'"]),
        ("/export?format=xlsx", ["'parquet'"]),
        ("/topics/%23topic0?days=7", ["'days'", "'start'"]),
        ("/health?verbose=1", ["known are none"]),
        ("/metrics?x=1", ["'x'"]),
        ("/openapi.json", []),
    ],
)
def test_what_is_unknown_is_refused_with_what_there_is(client: httpx.Client, question: str, told: list[str]) -> None:
    answer = client.get(question)
    assert answer.status_code == (422 if told else 200)
    assert all(part in answer.json()["detail"] for part in told), answer.text


def test_what_is_known_and_gave_nothing_is_no_error(client: httpx.Client) -> None:
    nothing = client.get("/collection/status", params={"source": "mastodon"}).json()
    assert nothing["hours"] == [] and nothing["reason"] == "nothing was collected from mastodon yet"
    assert client.get("/predictions", params={"source": "telegram"}).json()["items"] == []
    bursts = client.get("/accuracy", params={"label": "bursts", "model": "tgn-2024-01-01-s1"}).json()
    assert bursts["overall"] == [] and bursts["reason"]


MAY = "#\u039c\u03b1\u0390\u03bf\u03c5"


@pytest.mark.parametrize("written", [MAY, MAY.upper(), f" {unicodedata.normalize('NFD', MAY)} ", f"\uff03{MAY[1:]}"])
def test_a_topic_is_found_however_it_is_written(lake: Lake, serve: Callable[[Settings], Any], written: str) -> None:
    topic = topics_of(Event(CUT, "twitter", "original", "9", text=MAY))[0]
    made = {**forecasts(CUT + 3 * ONE)[0], "topic": topic}
    lake.write(PREDICTIONS, PREDICTIONS.frame([made]), CUT + 2 * ONE, CUT + 3 * ONE)
    heard = event(9, CUT, "twitter", [topic], "7", MAY)
    lake.write(EVENTS, EVENTS.frame([heard]), CUT, CUT + ONE)
    row = {"hour": CUT, "topic": topic, "mentions": 1, "weighted_mentions": 1.0, "distinct_users": 1}
    lake.write(TOPIC_ACTIVITY, TOPIC_ACTIVITY.frame([row]), CUT, CUT + ONE)
    with serve(Settings(home=lake.location.home, dagster=DagsterSettings(port=1))) as client:
        story = client.get(f"/topics/{quote(written, safe='')}").json()
        assert (story["topic"], story["mentions"]) == (topic, 1)
        assert [item["topic"] for item in client.get("/topics", params={"prefix": written}).json()["items"]] == [topic]
        named = client.get("/topics", params={"prefix": written.strip()[1:]}).json()["items"]
        assert [item["topic"] for item in named] == [topic]
        found = client.get("/predictions", params={"topic": written}).json()["items"]
        assert [item["topic"] for item in found] == [topic]


def test_event_stats_count_what_is_there(client: httpx.Client) -> None:
    stats = client.get("/events/stats").json()
    assert (stats["start"], stats["end"]) == ("2023-12-26T00:00:00Z", "2024-01-02T00:00:00Z")
    assert stats["events"] == 4
    assert stats["by_type"] == [
        {"source": "twitter", "event_type": "original", "events": 3},
        {"source": "youtube", "event_type": "original", "events": 1},
    ]
    assert [row["events"] for row in stats["by_hour"]] == [2, 2]
    assert stats["by_language"] == [{"language": "en", "events": 4}]
    assert stats["top_topics"][0] == {"topic": "#topic0", "mentions": 4}
    assert stats["spam_share"] == 0.25
    hour = max(stats["by_hour"], key=lambda row: row["events"])
    part = {"start": hour["hour"].replace(":00:00Z", ":10:00Z"), "end": hour["hour"].replace(":00:00Z", ":20:00Z")}
    found = client.get("/events/stats", params=part).json()
    assert found["events"] == hour["events"] > 0, "the minutes of an hour are counted as all of it"
    assert found["start"] == hour["hour"] and found["end"] > part["end"], "and the answer says so"
    empty = client.get("/events/stats", params={"start": "2025-01-01T00:00:00Z"}).json()
    assert empty["events"] == 0 and empty["spam_share"] is None


def test_topics_are_found_by_prefix_page_by_page(client: httpx.Client) -> None:
    first = client.get("/topics", params={"limit": 1}).json()
    assert first["items"] == [
        {
            "topic": "#topic0",
            "mentions": 4,
            "first_hour": "2024-01-01T22:00:00Z",
            "last_hour": "2024-01-01T23:00:00Z",
            "topic_label": {
                "name": "Topic <zero>",
                "group_topic": "#topic1",
                "category": "tech",
                "confidence": 0.7,
                "post_id": "twitter:original:2",
            },
            "similarity": None,
        }
    ]
    rest = client.get("/topics", params={"cursor": first["next"]}).json()
    assert [item["topic"] for item in rest["items"]] == ["#topic1", "$cash / flow"]
    assert rest["next"] is None
    for prefix in ("#TOPIC", "topic", "Topic"):
        found = client.get("/topics", params={"prefix": prefix}).json()["items"]
        assert [item["topic"] for item in found] == ["#topic0", "#topic1"], prefix
    assert "begins so" in client.get("/topics", params={"prefix": "%"}).json()["reason"]


def test_topics_are_found_by_what_their_posts_mean(client: httpx.Client) -> None:
    to_topic = client.get("/topics", params={"similar": "#Topic1"}).json()
    assert [item["topic"] for item in to_topic["items"]] == ["#topic0"]
    mean = np.array([3.0, 0.4, 1.0])
    near = mean @ np.array([1.0, 0.2, 0.0]) / (np.linalg.norm(mean) * np.hypot(1.0, 0.2))
    assert to_topic["items"][0]["similarity"] == pytest.approx(near, abs=1e-6)
    assert to_topic["items"][0]["mentions"] == 4 and to_topic["next"] is None
    by_words = client.get("/topics", params={"similar": "a Video"}).json()
    assert [item["topic"] for item in by_words["items"]] == ["#topic1", "#topic0"]
    assert "says 'nothing'" in client.get("/topics", params={"similar": "nothing"}).json()["reason"]
    elsewhen = {"similar": "a", "start": "2025-01-01T00:00:00Z", "end": "2025-01-02T00:00:00Z"}
    assert "no post of this span has a vector" in client.get("/topics", params=elsewhen).json()["reason"]


def test_what_a_post_only_says_is_its_topic_as_what_it_tags(
    lake: Lake, home: Path, serve: Callable[[Settings], Any]
) -> None:
    said = [
        {
            "event_id": made["id"],
            "hour": made["hour"],
            "timestamp": made["timestamp"],
            "topic": "#topic7",
            "phrase": "t",
        }
        for made in EVENTS_MADE[1:3]
    ]
    lake.write(TOPIC_PHRASES, TOPIC_PHRASES.frame(said), CUT - 2 * ONE, CUT)
    counted = lake.read_table(TOPIC_ACTIVITY).filter(topic="#topic1").with_columns(topic=pl.lit("#topic7"))
    lake.write(TOPIC_ACTIVITY, pl.concat([lake.read_table(TOPIC_ACTIVITY), counted]), CUT - 2 * ONE, CUT)
    with serve(Settings(home=home, embeddings=THREE_NUMBERS)) as client:
        seen = client.get("/predictions", params={"source": "youtube"}).json()["items"]
        assert [item["topic"] for item in seen] == ["#topic0", "#topic1", "#topic7"]
        near = client.get("/topics", params={"similar": "#topic1"}).json()["items"]
        assert [item["topic"] for item in near] == ["#topic7", "#topic0"]
        assert near[0]["similarity"] == pytest.approx(1.0)
        mine = client.get("/topics", params={"similar": "#topic7"}).json()["items"]
        assert [item["topic"] for item in mine] == ["#topic1", "#topic0"]


def test_vectors_of_another_text_model_are_not_compared(
    home: Path, lake: Lake, serve: Callable[[Settings], Any]
) -> None:
    with serve(Settings(home=home)) as client:
        found = client.get("/topics", params={"similar": "#topic1"}).json()
    assert found["items"] == [] and "all-MiniLM-L6-v2" in found["reason"]


def test_answers_link_to_their_hour_in_dagster(client: httpx.Client) -> None:
    story = client.get("/topics/%23topic0").json()
    assert story["predictions"][0]["dagster_link"] == (
        "http://127.0.0.1:1/assets/predictions?view=partitions&partition=2024-01-02-01%3A00"
    )
    links = {post["text"]: post["dagster_link"] for post in story["posts"]}
    assert links["a video"] == "http://127.0.0.1:1/assets/events?view=partitions&partition=2024-01-01-22%3A00"


def test_a_topic_tells_its_whole_story(client: httpx.Client) -> None:
    story = client.get("/topics/%23Topic0").json()
    assert story["topic"] == "#topic0" and story["mentions"] == 4
    assert story["topic_label"]["name"] == "Topic <zero>" and story["topic_label"]["group_topic"] == "#topic1"
    gen_z = story["gen_z"]
    assert gen_z["parts"] == {"slang": 0.5} and gen_z["signs"] == 1.0
    assert [gen_z[name] for name in ("p10", "p50", "p90")] == pytest.approx([0.13, 0.25, 0.37])
    assert story["repeated"] == 1
    assert [(post["copy_group"], post["copies"]) for post in story["posts"]][-2:] == [(None, None), ("00ff", 2)]
    assert story["gen_z_score"] == pytest.approx(0.25)
    assert story["spam_share"] == 0.25
    assert [(row["hour"][11:13], row["source"], row["mentions"]) for row in story["activity"]] == [
        ("22", "youtube", 1),
        ("22", "twitter", 1),
        ("23", "twitter", 2),
    ]
    # Forecasts go on after the last mention.
    assert [(row["cut"], row["came_true"]) for row in story["predictions"]] == [
        ("2024-01-02T02:00:00Z", None), ("2024-01-02T01:00:00Z", True), ("2024-01-02T00:00:00Z", False)
    ]  # fmt: skip
    assert [post["text"] for post in story["posts"]] == ["both <b>#topic0</b>", "again", "a video", "hello #topic0"]
    assert story["users"][0] == {
        "user_id": "7", "source": "twitter", "name": None, "link": "https://x.com/i/user/7", "mentions": 2
    }  # fmt: skip
    assert story["related"] == [{"topic": "#topic1", "together": 2}, {"topic": "$cash / flow", "together": 1}]
    assert client.get("/topics/%24cash%20%2F%20flow").json()["mentions"] == 1
    unknown = client.get("/topics/%23nobody")
    assert unknown.status_code == 404 and "GET /topics?prefix=" in unknown.json()["detail"]


def test_a_topic_that_was_silent_in_a_span_is_none_that_never_was(client: httpx.Client) -> None:
    before = {"start": "2023-11-01T00:00:00Z", "end": "2023-11-02T00:00:00Z"}
    silent = client.get("/topics/%23topic0", params=before)
    assert silent.status_code == 200 and (silent.json()["mentions"], silent.json()["posts"]) == (0, [])
    assert client.get("/topics/%23nobody", params=before).status_code == 404
    until = client.get("/topics/%23topic0", params={"end": "2024-01-01T23:00:00Z"}).json()
    assert until["mentions"] == 2 and until["start"] == "2023-12-25T23:00:00Z"


def test_collection_tells_gaps_and_failures(client: httpx.Client) -> None:
    status = client.get("/collection/status").json()
    assert len(status["hours"]) == 18 and status["truncated"] is False
    twitter = next(row for row in status["sources"] if row["source"] == "twitter")
    assert (twitter["hours"], twitter["failed"], twitter["events"]) == (8, 1, 28)
    assert [(gap["source"], gap["start"], gap["hours"]) for gap in status["gaps"]] == [
        ("twitter", "2024-01-01T22:00:00Z", 1),
        ("twitter", "2024-01-01T18:00:00Z", 2),
    ]
    failed = client.get("/collection/status", params={"status": "failed"}).json()["hours"]
    assert [row["message"] for row in failed] == ["X answered 503"]
    few = client.get("/collection/status", params={"source": "youtube", "limit": 3}).json()
    assert len(few["hours"]) == 3 and few["truncated"] is True and few["gaps"] == []


def test_training_shows_metrics_and_losses(client: httpx.Client) -> None:
    run = client.get("/training/status").json()["items"][0]
    assert run["losses"] == {"link": [1.2, 1.1]}
    assert run["metrics"]["tgn"]["bursts"]["ndcg_at_10"] == 0.5
    assert run["week"] == "2024-01-01T00:00:00Z"


def test_accuracy_agrees_with_the_metrics_of_the_backtest(client: httpx.Client) -> None:
    answer = client.get("/accuracy").json()
    assert answer["cuts"] == 2
    scores = {
        "forecast": [-index for index in range(12)],
        "mentions_3h": [counts(index)["mentions_3h"] for index in range(12)],
        "mentions_24h": [counts(index)["mentions_24h"] for index in range(12)],
        "momentum": [2 * counts(index)["mentions_24h"] - 14 for index in range(12)],
        "ewma_3d": [counts(index)["ewma_3d"] for index in range(12)],
    }
    assert {row["ranking"] for row in answer["overall"]} == set(scores)
    for row in answer["overall"]:
        values = np.array(scores[row["ranking"]], dtype=float)
        truths = [np.array([index in true for index in range(12)]) for true in TRUE.values()]
        assert row["ndcg_at_10"] == pytest.approx(np.mean([ndcg_at_k(truth, values, 10) for truth in truths]))
        assert row["precision_at_10"] == pytest.approx(np.mean([precision_at_k(truth, values, 10) for truth in truths]))
    assert [(week["week"], week["cuts"]) for week in answer["weeks"]] == [("2024-01-01T00:00:00Z", 2)]
    bins = {round(row["low"], 1): row for row in answer["calibration"]}
    assert bins[0.9]["forecasts"] == 2 and bins[0.9]["came_true"] == 0.5
    assert sum(row["forecasts"] for row in bins.values()) == 24
    confidences = np.array([0.9 / (index + 1) for index in range(12)])
    truth = np.array([[index in true for index in range(12)] for true in TRUE.values()])
    assert answer["brier"] == pytest.approx(np.mean((confidences - truth) ** 2))
    assert client.get("/accuracy", params={"label": "bursts"}).json()["reason"]
    assert client.get("/accuracy", params={"model": "tgn-2024-01-01-s1"}).json()["overall"] == answer["overall"]


def test_the_terminal_and_the_api_tell_the_same_figures(client: httpx.Client, filled_home: Path) -> None:
    lake = Lake(LakeLocation(filled_home), read_only=True)
    told = [
        (score.ranking, score.ndcg_at_10, score.precision_at_10)
        for score in stored_scores(lake, CUT - ONE, CUT + 5 * ONE)
        if score.label == "emerges"
    ]
    lake.close()
    answer = client.get("/accuracy").json()["overall"]
    assert told == [(row["ranking"], row["ndcg_at_10"], row["precision_at_10"]) for row in answer]


def test_an_export_is_a_file_of_forecasts_and_outcomes(client: httpx.Client) -> None:
    parquet = client.get("/export")
    assert "attachment" in parquet.headers["content-disposition"]
    frame = pl.read_parquet(io.BytesIO(parquet.content))
    assert frame.height == 36
    assert frame["came_true"].null_count() == 12
    assert frame["cut"].dtype == pl.Datetime("us", "UTC")
    csv = pl.read_csv(client.get("/export", params={"format": "csv"}).content)
    assert csv["topic"].to_list() == frame["topic"].to_list()
    one = {"start": CUT.isoformat(), "end": (CUT + timedelta(minutes=1)).isoformat(), "label": "emerges"}
    assert pl.read_parquet(io.BytesIO(client.get("/export", params=one).content)).height == 12


@pytest.mark.parametrize("topic", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_runs_no_topic(topic: str) -> None:
    made = [topic, "#plain", "a=b"]
    batch = pa.RecordBatch.from_pydict({"rank": [1, 2, 3], "topic": made})
    csv, parquet = (
        b"".join(export._encoded(batch, iter([batch]), kind)) for kind in (export.Format.CSV, export.Format.PARQUET)
    )
    assert pl.read_csv(csv)["topic"].to_list() == [f"'{topic}", *made[1:]]
    assert pl.read_parquet(io.BytesIO(parquet))["topic"].to_list() == made


def test_an_answer_is_known_again_by_its_etag(client: httpx.Client) -> None:
    first = client.get("/topics")
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get("/topics", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    assert client.get("/topics", headers={"If-None-Match": '"other"'}).json() == first.json()
    assert "etag" not in client.get("/topics/%23nobody").headers
    assert "etag" not in client.get("/metrics").headers
    wide = client.get("/predictions", params={"limit": 500}, headers={"Accept-Encoding": "gzip"})
    assert wide.headers["content-encoding"] == "gzip" and len(wide.json()["items"]) == 12


def test_metrics_tell_requests_by_route_and_the_state_of_the_lake(client: httpx.Client) -> None:
    client.get("/topics/%23topic0")
    client.get("/predictions/top", params={"k": 0})
    text = client.get("/metrics").text
    assert "trend_lake_readable 1.0" in text
    assert 'trend_api_requests_total{method="GET",route="/predictions/top",status="422"}' in text
    assert "topic0" not in text
    assert 'trend_collection_lag_seconds{source="twitter"}' in text
    assert 'trend_live_ndcg_at_10{label="emerges",ranking="forecast"}' in text
    assert "trend_load_step 2.0" in text and "trend_load_waiting_events 81000.0" in text
    assert "trend_load_postponed_hours 1.0" in text


@pytest.mark.parametrize("version", golden_schemas.VERSIONS)
def test_a_lake_of_every_release_is_served(home: Path, serve: Callable[[Settings], Any], version: int) -> None:
    golden_schemas.make(LakeLocation(home), version).close()
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        health = client.get("/health").json()
        assert (health["reasons"], health["load"]) == (["no events yet: run `trend import FILE` or `trend demo`"], None)
        told = client.get("/metrics").text
        assert "trend_lake_readable 1.0" in told and "trend_load_step NaN" in told
        assert client.get("/predictions/top").json()["reason"] == "no forecast of `emerges` yet"


def test_the_documentation_has_examples(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert {"/health", "/predictions", "/topics/{topic}", "/accuracy", "/export"} <= set(document["paths"])
    assert document["components"]["schemas"]["Prediction"]["examples"]
    for schema in document["components"]["schemas"].values():
        assert all(one.get("description") for one in schema.get("properties", {}).values())
    for path, item in document["paths"].items():
        parameters = [one for operation in item.values() for one in operation.get("parameters", [])]
        assert all(one.get("description") for one in parameters), path


def test_the_front_door_is_the_dashboard_and_leads_to_the_description(client: httpx.Client) -> None:
    assert 'href="docs"' in client.get("/").text
    assert "SwaggerUIBundle" in client.get("/docs").text


def test_a_window_of_the_pipeline_is_told_by_health(client: httpx.Client) -> None:
    health = client.get("/health").json()
    assert health["status"] == "ok" and health["last_training"] == "2024-01-01T00:00:00Z"
    assert {row["source"] for row in health["last_collection"]} == {"twitter", "youtube"}
    assert (health["load"]["load"], health["load"]["step"]) == ("embeddings_postponed", 2)
    assert health["last_prediction"] == (CUT + 2 * ONE).isoformat().replace("+00:00", "Z")


def test_topics_and_forecasts_say_what_topics_are_called(client: httpx.Client) -> None:
    page = {item["topic"]: item["topic_label"] for item in client.get("/topics").json()["items"]}
    assert page["#topic0"]["category"] == "tech" and page["#topic1"] is None
    near = client.get("/topics", params={"similar": "#topic1"}).json()["items"]
    assert {item["topic"]: item["topic_label"] for item in near}["#topic0"]["confidence"] == 0.7
    top = client.get("/predictions/top", params={"k": 12}).json()["items"]
    assert {item["topic"]: item["topic_label"] for item in top}["#topic0"]["name"] == "Topic <zero>"
    # A forecast shows what was known at its cut: #topic2 was labelled an hour later.
    before = client.get("/predictions/top", params={"k": 12, "at": CUT.isoformat()}).json()["items"]
    assert {item["topic"] for item in before if item["topic_label"]} == {"#topic0"}
    assert {item["topic"] for item in top if item["topic_label"]} == {"#topic0", "#topic2"}
