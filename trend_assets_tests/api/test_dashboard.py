"""The dashboard's pages over a real API, as Streamlit runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import COLLECTION_STATUS, EVENTS
from trend_assets.settings import DagsterSettings, Settings
from trend_assets_tests.api.conftest import CUT, EVENTS_MADE, ONE, fill
from trend_assets_tests.conftest import REPOSITORY

PAGES = ("live", "topic", "collection", "training", "accuracy", "health")


@pytest.fixture(scope="session")
def empty_client(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Settings], Any]) -> Iterator[httpx.Client]:
    home = tmp_path_factory.mktemp("empty") / "home"
    Lake(LakeLocation(home)).close()
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as found:
        yield found


@pytest.fixture(autouse=True)
def main_program_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit makes its script the main program and leaves it so: processes that later tests spawn would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def look(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Runs one page against the API of a client; gives what is on it."""

    def looking(client: httpx.Client | None, page: str, **state: str) -> AppTest:
        streamlit.cache_resource.clear()
        monkeypatch.setenv("TREND_API__PORT", str(client.base_url.port) if client else "1")
        app = AppTest.from_string(f"from api.views import {page}\n{page}.show()", default_timeout=30)
        for name, value in state.items():
            app.session_state[name] = value
        return app.run()

    return looking


def text(app: AppTest) -> str:
    parts = [element.proto.body for element in app.get("html")]
    for kind in (app.title, app.header, app.subheader, app.markdown, app.info, app.success, app.warning, app.error):
        parts += [element.value for element in kind]
    return "\n".join(parts + [element.value for element in app.caption])


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_lake_and_an_empty_one_says_what_to_do(
    page: str, client: httpx.Client, empty_client: httpx.Client, look: Callable[..., AppTest]
) -> None:
    full = look(client, page)
    assert not full.exception and not full.error, text(full)
    empty = look(empty_client, page)
    assert not empty.exception and not empty.error, text(empty)
    said = text(empty)
    assert any(hint in said for hint in ("trend import", "trend predict", "trend train", "come due")), said


def test_live_trends_ranks_topics_with_reasons_and_links(client: httpx.Client, look: Callable[..., AppTest]) -> None:
    shown = text(look(client, "live"))
    assert 'href="topic?topic=%23topic0"' in shown and "0 in the last 3 h" in shown
    assert "not due yet" in shown and "90%" in shown
    past = text(look(client, "live", at="2024-01-02T00:00:00Z"))
    assert "Topic &lt;zero&gt; · tech" in past
    assert ">came true</span>" in past and ">did not come true</span>" in past
    assert "5 → 31 ▲ 520 %" in past
    wrong = look(client, "live", at="yesterday")
    assert wrong.exception[0].message.startswith("The API says: query.at")


def test_a_topic_shows_its_story_and_no_markup_of_posts(client: httpx.Client, look: Callable[..., AppTest]) -> None:
    page = look(client, "topic", topic="#Topic0")
    shown = text(page)
    assert "both &lt;b&gt;#topic0&lt;/b&gt;" in shown and "<b>#topic0" not in shown
    assert 'href="topic?topic=%24cash%20%2F%20flow"' in shown
    assert "<small>twitter original" in shown and "partition=2024-01-01-23%3A00" in shown
    assert "0 in the last 3 h" in shown and "Near in meaning" in shown and "0.9" in shown
    assert "Topic &lt;zero&gt; · tech" in shown and "means the same as" in shown
    assert (
        "0.25 (0.13 to 0.37)" in [metric.value for metric in page.metric]
        and "A heuristic. 100% of its posts show any sign: slang 50%." in shown
    )
    assert "one of 2 near copies in 24 h" in shown
    choices = text(look(client, "topic", topic="#top"))
    assert "Topics that begin with" in choices and "%23topic1" in choices
    assert "Topics whose posts mean" in text(look(client, "topic", topic="a video"))


def test_times_are_shown_in_the_chosen_zone(client: httpx.Client, look: Callable[..., AppTest]) -> None:
    assert "2024-01-02 02:00" in text(look(client, "live"))
    tokyo = text(look(client, "live", tz="Asia/Tokyo"))
    assert "2024-01-02 11:00" in tokyo and "&tz=Asia%2FTokyo" in tokyo


def test_collection_and_accuracy_tell_what_is_wrong(client: httpx.Client, look: Callable[..., AppTest]) -> None:
    collection = text(look(client, "collection"))
    assert "2024-01-01 18:00" in collection and "X answered 503" in collection
    assert "Brier score" in text(look(client, "accuracy"))
    health = text(look(client, "health"))
    assert "does not answer" in health and "It has drifted: live NDCG" in health
    assert ">/accuracy</td>" in health and " ms<" in health
    assert "Embeddings are postponed until less waits" in health and "81,000 events waited" in health


def test_a_source_that_never_gave_anything_is_named_with_the_reason(
    tmp_path: Path, serve: Callable[[Settings], Any], look: Callable[..., AppTest]
) -> None:
    home, hours = tmp_path / "keyless", [CUT - (index + 1) * ONE for index in range(60)]
    unlike = {"bluesky": ("complete", 5, ""), "twitter": ("skipped", 0, "no key (TREND_TWITTER__BEARER_TOKEN)")}
    rows = [
        {"hour": hour, "source": source, "status": status, "events": events, "rejected": 0, "requests": 0,
         "finished_at": CUT, "message": message}
        for hour in hours
        for source, (status, events, message) in unlike.items()
    ]  # fmt: skip
    lake = Lake(LakeLocation(home))
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame(rows))
    lake.close()
    with serve(Settings(home=home)) as client:
        page = look(client, "collection")
    assert [warning.value for warning in page.warning] == [
        r"twitter gave nothing, in 60 hours of this span: no key \(TREND\_TWITTER\_\_BEARER\_TOKEN\)"
    ]
    # The same reason of sixty hours is one row, and no tick says that all is well.
    assert text(page).count("no key (TREND_TWITTER__BEARER_TOKEN)") == 1 and "2024-01-01 23:00" in text(page)
    assert not page.success


def test_a_source_is_a_choice_however_long_it_was_silent(
    tmp_path: Path, serve: Callable[[Settings], Any], look: Callable[..., AppTest]
) -> None:
    old, row = CUT - 24 * 60 * ONE, {**EVENTS_MADE[2], "id": "mastodon:original:1", "source": "mastodon"}
    lake = fill(tmp_path / "home")
    lake.write(EVENTS, EVENTS.frame([{**row, "hour": old, "timestamp": old}]), old, old + ONE)
    asked = {"hour": CUT - ONE, "source": "bluesky", "status": "failed", "events": 0, "rejected": 0, "requests": 1,
             "finished_at": CUT, "message": "it answered 503"}  # fmt: skip
    lake.write(COLLECTION_STATUS, COLLECTION_STATUS.frame([asked]))
    lake.close()
    with serve(Settings(home=tmp_path / "home")) as client:
        stats = client.get("/events/stats").json()
        live, collection = look(client, "live"), look(client, "collection")
    assert {row["source"] for row in stats["by_type"]} == {"twitter", "youtube"}
    assert stats["sources"] == ["mastodon", "twitter", "youtube"]
    assert live.selectbox(key="source").options == ["all sources", "mastodon", "twitter", "youtube"]
    assert collection.selectbox(key="source").options == ["all sources", "bluesky", "mastodon", "twitter", "youtube"]


def test_quantiles_are_read_from_cumulative_buckets() -> None:
    from api.views.latencies import quantile, read_buckets

    told = "# TYPE trend_api_request_seconds histogram\n" + "".join(
        f'trend_api_request_seconds_bucket{{route="/topics",le="{bound}"}} {count}\n'
        for bound, count in (("0.1", 10), ("0.2", 10), ("0.4", 30), ("+Inf", 40))
    )
    buckets = read_buckets(told)["/topics"]
    assert quantile(buckets, 0.25) == pytest.approx(0.1)
    assert quantile(buckets, 0.5) == pytest.approx(0.3)
    assert quantile(buckets, 0.99) == pytest.approx(0.4)  # beyond the last bound it is at least that


def test_training_tells_the_decision_and_links_to_the_checkpoint(
    client: httpx.Client, look: Callable[..., AppTest]
) -> None:
    training = text(look(client, "training"))
    assert "assets/tgn_checkpoint?view=partitions&partition=2024-01-01" in training
    assert "no decision was stored" in training


def test_health_shows_what_was_told_and_what_was_not_delivered(
    client: httpx.Client, empty_client: httpx.Client, look: Callable[..., AppTest]
) -> None:
    shown = text(look(client, "health"))
    assert "1 alert is not delivered yet" in shown and "nothing listens at 127.0.0.1:1" in shown
    assert "topic rising: #&lt;b&gt;topic0&lt;/b&gt;" in shown and "✓ delivered to log" in shown
    assert "No alert yet: nothing was wrong" in text(look(empty_client, "health"))


def test_the_whole_dashboard_runs_and_says_when_the_api_is_down(
    client: httpx.Client, look: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    streamlit.cache_resource.clear()
    monkeypatch.setenv("TREND_API__PORT", str(client.base_url.port))
    app = AppTest.from_file(str(REPOSITORY / "api" / "dashboard.py"), default_timeout=30).run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Live Trends"]
    assert app.sidebar.selectbox[0].value == "UTC"
    streamlit.cache_resource.clear()
    monkeypatch.setenv("TREND_API__PORT", "1")
    down = AppTest.from_file(str(REPOSITORY / "api" / "dashboard.py"), default_timeout=30).run()
    assert not down.exception and "start it with `trend up`" in down.error[0].value


def test_a_shared_address_restores_every_choice(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    streamlit.cache_resource.clear()
    monkeypatch.setenv("TREND_API__PORT", str(client.base_url.port))
    app = AppTest.from_string("from api.views import live\nlive.show()", default_timeout=30)
    chosen = {"label": "breaks_out", "source": "youtube", "language": "de", "at": "2024-01-02T00:00:00Z"}
    app.query_params.update(chosen)
    app.run()
    assert [box.value for box in app.selectbox] == ["New and rising", "youtube", "de"]
    assert app.text_input[0].value == "2024-01-02T00:00:00Z"
    assert "No forecast of `breaks_out` at or before" in text(app)


@pytest.mark.parametrize(
    ("accuracy", "inputs", "says"),
    [
        (0.41, 0.02, "No drift of its accuracy and mentions a day."),
        (None, 0.02, "No drift of its mentions a day."),
        (None, None, "Not to be told"),
    ],
)
def test_what_could_not_be_judged_is_not_called_undrifted(
    accuracy: float | None, inputs: float | None, says: str
) -> None:
    found = {
        "reasons": "",
        "live_ndcg_at_10": accuracy,
        "held_out_ndcg_at_10": None,
        "input_psi": inputs,
        "model_version": "tgn-2026-02-02-s8",
        "checked_at": "2026-11-26T20:01:00+00:00",
        "live_cuts": 0,
    }
    app = AppTest.from_string(f"from api.views.drift import drift\ndrift({found!r})", default_timeout=30).run()
    assert not app.exception
    assert says in text(app)
