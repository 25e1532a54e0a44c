"""Filters that several pages share; they are kept in the URL, so that a view can be shared."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from api.views.source import source
from api.views.words import LABELS
from trend_assets.words import TITLES

_ALL = "all sources"
_ANY = "all languages"


def source_choice(place: DeltaGenerator, also: Collection[str] = ()) -> str | None:
    """The source that was chosen among those whose events the lake holds, and others; None for all.

    Args:
        place: where it is chosen.
        also: others that the page knows.
    """
    known = {*source().get("/events/stats", top=1)["sources"], *also}
    # What the address names stays a choice where nothing ever came of it: the page then says so.
    named = {st.query_params.get("source", _ALL), st.session_state.get("source", _ALL)}
    chosen = place.selectbox("Source", [_ALL, *sorted((known | named) - {_ALL})], key="source", bind="query-params")
    return None if chosen == _ALL else chosen


def language_choice(place: DeltaGenerator) -> str | None:
    """The language that was chosen among those of the last week's posts; None for all."""
    known = {item["language"] for item in source().get("/events/stats", top=1)["by_language"]} - {None}
    named = {st.query_params.get("language", _ANY), st.session_state.get("language", _ANY)}
    choices = [_ANY, *sorted((known | named) - {_ANY})]
    chosen = place.selectbox("Language", choices, key="language", bind="query-params")
    return None if chosen == _ANY else chosen


def label_choice(place: DeltaGenerator) -> str:
    """What is forecast: chosen by its words, which the address has too; a label's name in it is understood."""
    if (named := st.query_params.get("label", "")) in TITLES:
        st.session_state["label"] = TITLES[named]
    labels = {title: label for label, title in TITLES.items()}
    chosen = place.selectbox(
        "What is forecast", list(labels), key="label", bind="query-params", help=". ".join(LABELS.values()) + "."
    )
    return labels[chosen]


def revision_choice(place: DeltaGenerator) -> str:
    """Which forecast of a moment: the first one, or the newest."""
    newest = place.toggle(
        "With late posts",
        key="newest",
        bind="query-params",
        help="Shows the newest forecast of that moment, made again with posts that came later; the first is scored.",
    )
    return "newest" if newest else "first"


def days_choice(place: DeltaGenerator, days: tuple[int, ...]) -> int:
    """How many days back; the first is the default."""
    return int(place.selectbox("Days back", [str(number) for number in days], key="days", bind="query-params"))
