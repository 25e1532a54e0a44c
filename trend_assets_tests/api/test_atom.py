"""The Atom feed of rising topics, read by a feed reader's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from trend_assets.lake.tables import EVENTS, PREDICTIONS
from trend_assets.settings import DagsterSettings, Settings
from trend_assets.settings.attention import AttentionSettings
from trend_assets_tests.api.conftest import CUT, ONE, TOPICS, event, fill, forecasts

ATOM = {"atom": "http://www.w3.org/2005/Atom"}
NEWEST = CUT + 30 * ONE
#: Something that somebody called a topic; XML has no way to write its third sign.
ODD = "<b>\x01&"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, serve: Callable[[Settings], Any]) -> Iterator[httpx.Client]:
    home: Path = tmp_path_factory.mktemp("atom")
    lake = fill(home)
    rows = forecasts(NEWEST)
    rows[3]["topic"] = ODD
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows), NEWEST - ONE, NEWEST)
    spam = {**event(30, NEWEST - 2 * ONE, "twitter", ["#topic2"], "7", "buy"), "spam_score": 0.9}
    lake.write(EVENTS, EVENTS.frame([spam]), NEWEST - 2 * ONE, NEWEST - ONE)
    lake.close()
    attention = AttentionSettings(watch={"mine": ["#topic2"]}, muted=["#topic1"])
    with serve(Settings(home=home, attention=attention, dagster=DagsterSettings(port=1))) as found:
        yield found


def read(client: httpx.Client, **asked: Any) -> ElementTree.Element:
    answer = client.get("/feed.atom", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)


def texts(feed: ElementTree.Element, path: str) -> list[str | None]:
    return [element.text for element in feed.iterfind(path, ATOM)]


def test_each_topic_stands_once_a_day_newest_first(client: httpx.Client) -> None:
    feed = read(client, k=4)
    titles = texts(feed, "atom:entry/atom:title")
    today, before = titles[:4], titles[4:]
    assert [str(title).split(": ")[0] for title in today] == ["#topic0", "<b>\ufffd&", "#topic4", "#topic5"]
    # The three hours of the day before are one entry of each topic.
    assert [str(title).split(": ")[0] for title in before] == ["#topic0", "#topic3", "#topic4", "#topic5"]
    assert before[0] == "#topic0: 5 → 31 ▲ 520 %"
    moments = texts(feed, "atom:entry/atom:updated")
    assert moments == [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in [NEWEST] * 4 + [CUT] * 4]
    assert texts(feed, "atom:updated") == [f"{NEWEST:%Y-%m-%dT%H:%M:%SZ}"]


def test_entries_have_what_the_standard_asks_and_lead_to_the_topic(client: httpx.Client) -> None:
    feed = read(client, k=2)
    identities = texts(feed, "atom:entry/atom:id") + texts(feed, "atom:id")
    assert len(set(identities)) == len(identities) and all(str(one).startswith("tag:") for one in identities)
    assert texts(feed, "atom:author/atom:name") == ["trend_assets"]
    links = {link.get("rel"): link.get("href") for link in feed.iterfind("atom:link", ATOM)}
    assert links == {"self": f"{client.base_url}/feed.atom?k=2", "alternate": f"{client.base_url}/"}
    for entry in feed.iterfind("atom:entry", ATOM):
        (link,) = entry.iterfind("atom:link", ATOM)
        address = str(link.get("href"))
        assert address.startswith(f"{client.base_url}/?page=topic&topic=")
        assert client.get(address).status_code == 200
    assert "Will grow in 24 h (very likely: about 9 in 10 such should come true): 5 mentions." in str(
        texts(feed, "atom:entry/atom:summary")[0]
    )


def test_a_list_that_only_counts_is_called_so(tmp_path: Path, serve: Callable[[Settings], Any]) -> None:
    lake = fill(tmp_path)
    rows = [{**row, "model_version": "baseline:mentions_24h", "confidence": None} for row in forecasts(NEWEST)]
    lake.write(PREDICTIONS, PREDICTIONS.frame(rows), NEWEST - ONE, NEWEST)
    lake.close()
    with serve(Settings(home=tmp_path, dagster=DagsterSettings(port=1))) as other:
        feed = read(other, k=2)
    heading = "For the next 24 h, ranked by counting: most mentions in 24 h"
    assert texts(feed, "atom:title") == [f"Rising topics: {heading}"]
    counted, *_, forecast = texts(feed, "atom:entry/atom:summary")
    assert str(counted).startswith(f"{heading}. 5 mentions. ")
    assert "Will grow" not in str(counted) and str(forecast).startswith("Will grow in 24 h (")


def test_muted_topics_and_spam_are_left_out_unless_asked_for(client: httpx.Client) -> None:
    def topics(**asked: Any) -> set[str]:
        return {str(title).split(": ")[0] for title in texts(read(client, **asked), "atom:entry/atom:title")}

    assert topics(k=50).isdisjoint({"#topic1", "#topic2"})
    assert "#topic2" in topics(k=50, spam=True)
    assert topics(watch="mine") == topics(watch="mine", k=1) == {"#topic2"}
    assert client.get("/feed.atom", params={"watch": "yours"}).status_code == 422
    assert topics(label="bursts") == set()


def test_it_is_bounded(client: httpx.Client, tmp_path: Path, serve: Callable[[Settings], Any]) -> None:
    lake = fill(tmp_path)
    for day in range(3):
        cut: datetime = NEWEST + timedelta(hours=12 * day)
        rows = [{**row, "topic": f"{row['topic']}-{day}-{more}"} for more in range(10) for row in forecasts(cut)]
        ranked = [{**row, "rank": rank} for rank, row in enumerate(rows, 1)]
        lake.write(PREDICTIONS, PREDICTIONS.frame(ranked), cut - ONE, cut)
    lake.close()
    assert len(TOPICS) * 10 * 3 > 100
    with serve(Settings(home=tmp_path, dagster=DagsterSettings(port=1))) as other:
        assert len(texts(read(other, k=50), "atom:entry/atom:id")) == 100
