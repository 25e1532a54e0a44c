"""The Atom feed of rising topics (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.models.common import Label
from api.models.predictions import Prediction
from api.pipeline.dagster_client import Dagster
from api.reading.asked_label import stored_label
from api.reading.catalog_snapshot import Within
from api.reading.known import refuse_unknown
from api.reading.lake import LakeReader, Reader
from api.reading.spam import hidden_topics
from api.routes.predictions import COLUMNS, JOIN, Ahead, ForLabel, newest_cut, prediction
from trend_assets.words import TITLES, ahead, is_counting

router = APIRouter(tags=["predictions"])

#: How far back the feed goes, and how many entries it has at most.
_SPAN = timedelta(hours=48)
_MOST = 100
_TICK = timedelta(microseconds=1)
_ATOM = "http://www.w3.org/2005/Atom"
_MEDIA = "application/atom+xml; charset=utf-8"
#: What XML 1.0 has no way to write.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Each topic once a day (UTC), as it was forecast when it first stood among the k that are shown.
_ROWS = f"""
    WITH listed AS (
        SELECT cut, topic FROM predictions
        WHERE label = $label AND revision = 0 AND cut > $start AND cut <= $end
          AND NOT list_contains($hidden::VARCHAR[], topic)
          AND if($everything, rank <= $k + len($hidden::VARCHAR[]), list_contains($watched::VARCHAR[], topic))
        QUALIFY row_number() OVER (PARTITION BY cut ORDER BY rank) <= $k
    ), firsts AS (
        SELECT min(cut) AS cut, topic FROM listed GROUP BY topic, date_trunc('day', cut AT TIME ZONE 'UTC')
    )
    SELECT {COLUMNS} FROM firsts f
    JOIN (FROM predictions WHERE label = $label AND revision = 0 AND cut > $start AND cut <= $end) p
        ON p.cut = f.cut AND p.topic = f.topic {JOIN}
    ORDER BY p.cut DESC, p.rank LIMIT {_MOST}
"""


@router.get(
    "/feed.atom",
    response_class=Response,
    responses={200: {"description": "The feed.", "content": {"application/atom+xml": {}}}},
)
def feed(
    request: Request,
    lake: Reader,
    dagster: Dagster,
    label: ForLabel = Label.EMERGES,
    horizon: Ahead = None,
    watch: Annotated[
        str | None, Query(max_length=100, description="Only topics of this watch list (`attention.watch`).")
    ] = None,
    spam: Annotated[
        bool | None, Query(description="Topics that look like spam, too; default: as `/predictions/top`.")
    ] = None,
    k: Annotated[int, Query(ge=1, le=50, description="How many topics of each hour.")] = 10,
) -> Response:
    """Rising topics for feed readers: each topic once a day, when it first stands in the top list; 100 at most."""
    attention = lake.settings.attention
    if watch is not None:
        refuse_unknown("watch", watch, attention.watch)
    stored = stored_label(lake, label.value, horizon)
    end = newest_cut(lake, stored)
    items: list[Prediction] = []
    if end is not None:
        hidden = hidden_topics(lake, end, spam, watched=watch is not None)
        watched = None if watch is None else attention.watch[watch]
        items = _items(lake, dagster.address, stored, end, k, hidden, watched)
    hours = horizon or lake.settings.forecast.horizon_hours
    name = f"{TITLES[label.value]} in {ahead(hours)}"
    told = _document(str(request.base_url), str(request.url), name, end, items)
    return Response(told, media_type=_MEDIA)


def _items(
    lake: LakeReader, dagster: str, label: str, end: datetime, k: int, hidden: list[str], watched: list[str] | None
) -> list[Prediction]:
    start = end - _SPAN
    asked = {"label": label, "start": start, "end": end, "k": k, "hidden": hidden}
    asked |= {"everything": watched is None, "watched": watched or []}
    within = [Within(table, "cut", start, end + _TICK) for table in ("predictions", "prediction_outcomes")]
    return [prediction(lake, row, dagster) for row in lake.read(_ROWS, asked, *within).iter_rows(named=True)]


def _document(base: str, address: str, name: str, updated: datetime | None, items: Sequence[Prediction]) -> bytes:
    ElementTree.register_namespace("", _ATOM)
    root = ElementTree.Element(f"{{{_ATOM}}}feed")
    # Readers know a feed by its id: it stays when another model, or none, ranks.
    _add(root, "id", f"tag:trend-assets,2026:{quote(name)}")
    _add(root, "title", f"Rising topics: {items[0].words.heading if items else name}")
    _add(root, "updated", _moment(updated or datetime.fromtimestamp(0, UTC)))
    _add(root, "link", rel="self", href=address, type="application/atom+xml")
    _add(root, "link", rel="alternate", href=base, type="text/html")
    _add(_add(root, "author"), "name", "trend_assets")
    for item in items:
        _entry(root, base, item)
    told: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return told


def _entry(root: ElementTree.Element, base: str, item: Prediction) -> None:
    entry = _add(root, "entry")
    words = item.words
    day = f"{item.label}/{item.horizon_hours}/{item.cut:%Y-%m-%d}"
    _add(entry, "id", f"tag:trend-assets,2026:{day}/{quote(item.topic)}")
    _add(entry, "title", f"{item.topic}: {words.mentions}")
    _add(entry, "updated", _moment(item.cut))
    _add(entry, "link", rel="alternate", href=f"{base}?{urlencode({'page': 'topic', 'topic': item.topic})}")
    _add(entry, "category", term=words.title)
    if is_counting(item.model_version):
        told = f"{words.heading}. {words.mentions} mentions. {words.why}."
    else:
        told = f"{words.title} in {words.ahead} ({words.likely}): {words.mentions} mentions. {words.why}. {words.by}."
    _add(entry, "summary", told)


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = None if text is None else _NOT_XML.sub("\ufffd", text)
    return element


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
