"""Which parser reads which format."""

from __future__ import annotations

import orjson
import pytest

from trend_assets import names
from trend_assets.sources.event import Rejected
from trend_assets.sources.registry import FORMATS, SOURCES, parse

ROWS = {
    "twitter_v1": {"id_str": "1", "created_at": "Wed Jan 01 00:00:48 +0000 2014"},
    "x_v2": {"data": {"id": "1", "text": "x", "created_at": "2014-01-01T00:00:48.000Z"}},
    "youtube_v3": {"kind": "youtube#video", "id": "1", "snippet": {"publishedAt": "2014-01-01T00:00:48Z"}},
    "google_trends": {"term": "1", "timestamp": "2014-01-01T00:00:48Z"},
    "bluesky": {"uri": "at://a/b/1", "record": {"createdAt": "2014-01-01T00:00:48Z"}},
    "mastodon": {"uri": "https://a/1", "created_at": "2014-01-01T00:00:48Z"},
    "columns:timestamp=t,id=i,timezone=UTC": {"t": "2014-01-01T00:00:48", "i": 1},
}


@pytest.mark.parametrize("format", ROWS)
def test_every_format(format):
    event = parse(format, orjson.dumps(ROWS[format]).decode())
    assert event.timestamp.isoformat() == "2014-01-01T00:00:48+00:00"
    source = {"twitter_v1": "twitter", "x_v2": "twitter", "youtube_v3": "youtube"}.get(format, format)
    assert event.source == ("archive" if format.startswith("columns:") else source)


@pytest.mark.parametrize(
    ("format", "raw", "reason"),
    [
        ("myspace", "{}", "unknown format 'myspace'"),
        ("columns:txt=a", "{}", "unknown field 'txt'"),
        ("twitter_v1", "{", "not valid JSON"),
        ("twitter_v1", "[]", "not a JSON object"),
        ("twitter_v1", "{}", "no tweet id"),
    ],
)
def test_rejects(format, raw, reason):
    with pytest.raises(Rejected, match=reason):
        parse(format, raw)


def test_every_format_belongs_to_registered_sources():
    assert all(row.sources and set(row.sources) <= set(SOURCES) for row in FORMATS.values())
    assert SOURCES["twitter"].formats[:2] == ("twitter_v1", "x_v2")
    assert tuple(SOURCES) == tuple(names.SOURCES)


def test_an_event_of_an_unregistered_source_is_rejected_with_the_list():
    with pytest.raises(Rejected, match=r"unknown source 'myspace': expected one of twitter, .*telegram"):
        parse("columns:timestamp=t,source=s", '{"t": "2014-01-01T00:00:48Z", "s": "MySpace"}')
    with pytest.raises(Rejected, match="unknown event type 'like' for telegram: expected one of original"):
        parse("columns:timestamp=t,source=s,event_type=e", '{"t": 1700000000, "s": "telegram", "e": "like"}')
