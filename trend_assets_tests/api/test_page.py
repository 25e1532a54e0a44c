"""The dashboard in a real browser, over a real API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from trend_assets.commands.forecast_table import forecast_table
from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import EVENTS, PREDICTIONS, TOPIC_LABELS
from trend_assets.settings import DagsterSettings, Settings
from trend_assets.settings.services import ApiKey, ApiSettings
from trend_assets_tests.api.conftest import CUT, ONE, event, fill, forecasts
from trend_assets_tests.browser import EXECUTABLE, PAGES, barriers, browsing, open_page, settle

pytestmark = pytest.mark.skipif(not EXECUTABLE, reason="no chromium (Debian's package chromium)")

Serve = Callable[[Settings], AbstractContextManager[httpx.Client]]
PAST = "?at=2024-01-02T00:00:00Z"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def empty_client(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Iterator[httpx.Client]:
    home = tmp_path_factory.mktemp("empty") / "home"
    Lake(LakeLocation(home)).close()
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose scripts must not fail, and that asks no other server."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    made = context.new_page()
    wrong: list[str] = []
    asked: set[str | None] = set()
    made.on("pageerror", lambda error: wrong.append(error.message))
    made.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    made.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield made
    context.close()
    assert wrong == []
    assert asked <= {"127.0.0.1", None}


def address(client: httpx.Client, path: str = "") -> str:
    return f"{client.base_url}/{path}".replace("//?", "/?")


def text(page: Page) -> str:
    return page.locator("main").inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_the_lake_and_an_empty_one_says_what_to_do(
    name: str, client: httpx.Client, empty_client: httpx.Client, page: Page
) -> None:
    open_page(page, address(client, PAGES[name]))
    assert page.locator("h1").count() == 1 and "failed" not in page.locator("h1").inner_text()
    assert barriers(page) == []
    open_page(page, address(empty_client, PAGES[name]))
    said = text(page)
    hints = ("trend import", "trend predict", "trend train", "come due", "name up to five topics")
    assert any(hint in said.lower() for hint in hints), said


@pytest.mark.parametrize("name", ["live", "happened", "topic", "health"])
def test_pages_fit_a_phone_in_the_dark(name: str, client: httpx.Client, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = context.new_page()
    open_page(page, address(client, PAGES[name] + ("&topic=%23topic0" if name == "topic" else "")))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert barriers(page) == []
    context.close()


def test_live_ranks_topics_with_reasons_and_links(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client))
    first = page.locator(".card").first
    assert first.get_by_role("link", name="#topic0").get_attribute("href") == "?page=topic&topic=%23topic0"
    expect(first).to_contain_text("0 in the last 3 h")
    expect(first).to_contain_text("90%")
    open_page(page, address(client, PAST))
    expect(page.locator(".card").first).to_contain_text("Topic <zero> · tech")
    expect(page.locator(".card").first).to_contain_text("5 → 31 ▲ 520 %")
    assert {"came true", "did not come true"} <= set(page.locator(".mark").all_inner_texts())
    open_page(page, address(client, "?at=yesterday"))
    assert "The API says: query.at" in text(page)


def test_the_terminal_the_api_and_the_page_say_the_same(page: Page, tmp_path: Path, serve: Serve) -> None:
    home, grown = tmp_path / "home", CUT + 3 * ONE
    lake = fill(home)
    rows = [
        {**row, "growth": 0.4 * index - 1, "confidence": 0.994 - 0.07 * index, "source_events_count": 3 * index + 1}
        for index, row in enumerate(forecasts(grown))
    ]
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows), grown - ONE, grown)
    told = {cut: forecast_table(lake, cut, "emerges", 10) for cut in (grown, CUT)}
    lake.close()
    with serve(Settings(home=home, dagster=DagsterSettings(port=1))) as client:
        for cut, table in told.items():
            assert not isinstance(table, str)
            topics, chances, mentions = (list(table.columns[place].cells) for place in (1, 2, 3))
            found = client.get("/predictions/cards", params={"at": cut.isoformat()}).json()["items"]
            assert [str(topic) for topic in topics] == [item["topic"] for item in found]
            assert chances == [item["words"]["chance"] for item in found]
            assert mentions == [item["words"]["mentions"] for item in found]
            open_page(page, address(client, f"?at={cut:%Y-%m-%dT%H:%M}Z"))
            assert page.locator(".card h2 a").all_inner_texts() == [item["topic"] for item in found]
            assert page.locator(".card .size b").all_inner_texts() == mentions
            assert page.locator(".card .sure b").all_inner_texts() == chances
            # A line stands where they become less likely than not.
            likely = sum(item["confidence"] >= 0.5 for item in found)
            assert page.locator(".cards > li").all_inner_texts()[likely] == "Less likely than not"
            assert any("→ about" in one for one in mentions) == (cut == grown)


def test_spam_is_left_out_and_shown_with_its_badge_when_asked(page: Page, tmp_path: Path, serve: Serve) -> None:
    lake = fill(tmp_path)
    posts = [{**event(30, CUT + ONE, "twitter", ["#topic2"], "7", "buy this"), "spam_score": 0.9}]
    lake.write(EVENTS, EVENTS.frame(posts), CUT + ONE, CUT + 2 * ONE)
    lake.close()
    with serve(Settings(home=tmp_path, dagster=DagsterSettings(port=1))) as client:
        open_page(page, address(client))
        topics = page.locator(".card h2 a")
        expect(page.locator("#left-out")).to_have_text("1 topic looks like spam and is left out: show spam, too.")
        assert topics.all_inner_texts()[:3] == ["#topic0", "#topic1", "#topic3"] and topics.count() == 10
        page.locator("#left-out a").click()
        expect(topics.nth(2)).to_have_text("#topic2")
        expect(page.locator(".card").nth(2).locator(".badge.spam")).to_have_text("spam")
        assert page.locator("#left-out").count() == 0 and page.locator("#choose-spam").is_checked()
        assert barriers(page) == []


def test_a_name_that_repeats_its_topic_is_not_shown(page: Page, tmp_path: Path, serve: Serve) -> None:
    lake = fill(tmp_path)
    named = {
        "hour": CUT,
        "topic": "#topic3",
        "name": "Topic3",
        "post_id": "twitter:original:2",
        "group_topic": "#topic3",
    }
    lake.write(
        TOPIC_LABELS,
        TOPIC_LABELS.frame(
            {**named, **changes, "confidence": 0.7, "posts": 3}
            for changes in ({"category": "music"}, {"topic": "#topic4", "group_topic": "#topic4", "category": "other"})
        ),
        CUT,
        CUT + ONE,
    )
    lake.close()
    with serve(Settings(home=tmp_path, dagster=DagsterSettings(port=1))) as client:
        open_page(page, address(client))
        cards = page.locator(".card")
        expect(cards.filter(has_text="#topic3").locator(".called")).to_have_text("music")
        expect(cards.filter(has_text="#topic4").locator(".called")).to_have_text("Topic3")


def test_what_people_posted_is_text(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client, "?page=topic&topic=%23Topic0"))
    shown = text(page)
    assert "both <b>#topic0</b>" in shown and page.locator("blockquote b").count() == 0
    assert page.get_by_role("link", name="$cash / flow").first.get_attribute("href") == (
        "?page=topic&topic=%24cash+%2F+flow"
    )
    assert page.get_by_role("link", name="on X").first.get_attribute("href") == "https://x.com/i/web/status/2"
    assert "means the same as #topic1" in shown and "one of 2 near copies in 24 h" in shown
    assert "0.25 (0.13 to 0.37)" in shown and "it measures nobody's age" in shown and "slang 50%" in shown
    assert "very near (0.9" in shown


def test_search_finds_names_and_meanings(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client))
    page.locator("#wanted").fill("#top")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Topics that begin with “#top”").wait_for()
    open_page(page, address(client, "?page=topic&topic=a%20video"))
    expect(page.get_by_role("heading", level=2)).to_have_text("Topics whose posts mean “a video”")
    assert "No topic is called “a video”." in text(page)


def test_a_page_that_is_not_there_is_said_to_be_missing(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client, "?page=nonsense"))
    assert "There is no page “nonsense”" in text(page)
    page.get_by_role("link", name="Health", exact=True).click()
    page.get_by_role("heading", name="Health").wait_for()


def test_choices_are_in_the_address_and_a_shared_one_restores_them(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client))
    page.get_by_label("What is forecast").select_option("New and rising")
    page.wait_for_url("**/?label=breaks_out")
    open_page(page, address(client, "?label=breaks_out&source=youtube&language=de&at=2024-01-02T00:00:00Z"))
    chosen = [page.get_by_label(name).input_value() for name in ("What is forecast", "Platform", "Language", "As of")]
    assert chosen == ["breaks_out", "youtube", "de", "2024-01-02T00:00"]
    assert "No forecast of breaks_out at or before" in text(page)
    page.get_by_label("As of").fill("2024-01-03T06:00")
    page.get_by_label("As of").blur()
    page.wait_for_url("**at=2024-01-03T06%3A00Z**")


def test_times_are_shown_in_the_chosen_zone(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client))
    assert "2024-01-02 02:00" in text(page)
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.wait_for_url("**tz=Asia**")
    settle(page)
    assert "2024-01-02 11:00" in text(page)
    page.get_by_role("link", name="Health").click()
    page.wait_for_url("**page=health&tz=Asia**")


def test_topics_are_ticked_compared_and_taken_along(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client))
    for rank in range(1, 7):
        page.locator(f"#pick-{rank}").click()
    assert page.locator(".pick input:checked").count() == 5
    page.get_by_role("button", name="Compare 5").click()
    page.wait_for_url("**page=compare**")
    page.get_by_role("heading", name="Compare topics").wait_for()
    expect(page.locator("main")).to_contain_text("No topic is called #topic4")
    page.locator(".chart svg").wait_for()
    assert re.search(r"Mentions from 2023-12-\d\d \d\d:00 until 2024-01-\d\d \d\d:00, by days of 24 h", text(page))
    assert "Mentions in 7 days" in text(page)
    assert "1 of them repeat others' texts" in text(page)
    assert " in 24 h from 2024-01-02 00:00 on" in text(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "from,#topic0,#topic1" and lines[-1].endswith(",4,2") and len(lines) == 8
    page.get_by_label("Days back").select_option("90")
    expect(page.locator("main")).to_contain_text("Mentions in 90 days")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 8, "no day before the first mention but six"
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_what_happened_counts_what_came_true(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client, "?page=happened&at=2024-01-02T00:00:00Z"))
    assert "2 of 10 came true; 10 had more mentions" in text(page)
    assert page.locator("td .up").count() == 10
    assert "needs at least 8 mentions in 24 h, and 4 more than in the 24 h before" in text(page)


def test_engineers_see_what_is_wrong(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client, "?page=collection"))
    assert "2024-01-01 18:00" in text(page) and "X answered 503" in text(page)
    open_page(page, address(client, "?page=accuracy"))
    assert "Brier score" in text(page) and "this forecast" in text(page)
    open_page(page, address(client, "?page=training"))
    assert "no decision was stored" in text(page)
    checkpoint = page.get_by_role("link", name="The checkpoint, in Dagster").get_attribute("href")
    assert checkpoint and "assets/tgn_checkpoint?view=partitions&partition=2024-01-01" in checkpoint
    open_page(page, address(client, "?page=health"))
    shown = text(page)
    assert "does not answer" in shown and "It has drifted: live NDCG" in shown
    assert "Embeddings are postponed until less waits" in shown and "81,000 events waited" in shown
    assert "1 alert is not delivered yet" in shown and "nothing listens at 127.0.0.1:1" in shown
    assert "topic rising: #<b>topic0</b>" in shown and "✓ delivered to log" in shown
    assert page.locator("td", has_text="/accuracy").count() == 1


def test_news_is_shown_and_what_was_opened_stays_open(page: Page, tmp_path: Path, serve: Serve) -> None:
    lake = fill(tmp_path / "home")
    with serve(Settings(home=tmp_path / "home", dagster=DagsterSettings(port=1))) as client:
        page.clock.install()
        open_page(page, address(client))
        page.locator("#why-2 summary").click()
        later = CUT + 3 * ONE
        lake.write(PREDICTIONS, PREDICTIONS.frame(forecasts(later)), later - ONE, later)
        page.clock.run_for(16_000)
        expect(page.locator("main")).to_contain_text("from 2024-01-02 03:00 on")
        assert page.locator("#why-2").get_attribute("open") is not None
    lake.close()


def test_a_page_switches_between_horizons(page: Page, tmp_path: Path, serve: Serve) -> None:
    lake, cut = fill(tmp_path / "home"), CUT + 3 * ONE
    days = {**{f"mentions_day_{day}": day for day in range(2, 8)}, "mentions_24h": 5}
    main = [{**row, "growth": 0.5, "metadata": json.dumps(days)} for row in forecasts(cut)]
    soon = [{**row, "label": "emerges_6h", "horizon_hours": 6, "rank": 13 - row["rank"]} for row in main]
    lake.write(PREDICTIONS, PREDICTIONS.frame(main + soon), cut - ONE, cut)
    lake.close()
    with serve(Settings(home=tmp_path / "home", dagster=DagsterSettings(port=1))) as client:
        open_page(page, address(client))
        expect(page.locator(".card").first).to_contain_text("mentions in 24 h")
        assert page.locator(".spark .ahead").count() == 10
        page.get_by_label("How far ahead").select_option("6 h")
        expect(page.locator(".card").first).to_contain_text("mentions in 6 h")
        assert page.locator(".card h2 a").first.inner_text() == "#topic11"
        # What comes in six hours is no point of a line whose points are days.
        assert page.locator(".spark").count() == 10 and page.locator(".spark .ahead").count() == 0


def test_who_needs_a_key_is_asked_for_it(page: Page, tmp_path: Path, serve: Serve) -> None:
    fill(tmp_path / "home").close()
    # SHA-256 of "open sesame".
    key = ApiKey(name="guest", sha256="41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb")
    api = ApiSettings(open_reads=False, keys=[key])
    with serve(Settings(home=tmp_path / "home", api=api, dagster=DagsterSettings(port=1))) as client:
        open_page(page, address(client))
        page.get_by_label("Key").fill("open sesame")
        page.get_by_role("button", name="Enter").click()
        page.locator(".card").first.wait_for()


def test_a_page_says_when_the_api_is_down(client: httpx.Client, page: Page) -> None:
    open_page(page, address(client))
    page.route("**/health", lambda route: route.abort())
    page.get_by_role("link", name="Health").click()
    expect(page.locator("main")).to_contain_text("start it with trend up")


def test_quantiles_are_read_from_cumulative_buckets(client: httpx.Client, page: Page) -> None:
    counts = (("0.1", 10), ("0.2", 10), ("0.4", 30), ("+Inf", 40))
    told = "".join(
        f'trend_api_request_seconds_bucket{{route="/topics",le="{bound}"}} {count}\n' for bound, count in counts
    )

    def metrics(route: Route) -> None:
        route.fulfill(body=told, content_type="text/plain")

    page.route("**/metrics", metrics)
    open_page(page, address(client, "?page=health"))
    page.get_by_text("How long each route took").click()
    row = page.locator("tr", has_text="/topics")
    # Half of the second bucket with counts; beyond the last bound it is at least that.
    assert row.locator("td").all_inner_texts() == ["/topics", "40", "300 ms", "400 ms"]


def test_the_page_and_its_files_allow_no_foreign_script(client: httpx.Client) -> None:
    for path in ("/", "/page/js/app.js", "/page/vendor/echarts.common.min.js", "/page/style.css"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert client.get("/page/../app.py").status_code == 404
    assert client.get("/page/js/%2e%2e/%2e%2e/%2e%2e/app.py").status_code == 404
