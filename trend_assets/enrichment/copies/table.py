"""Rows of `NEAR_COPIES`, from events in order of time and from the day before as it was placed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain

import polars as pl

from trend_assets.enrichment.copies.day_before import search
from trend_assets.enrichment.copies.finder import REMEMBERED, CopyFinder, Post
from trend_assets.enrichment.copies.texts import Texts, read_texts
from trend_assets.lake.tables import NEAR_COPIES

_DAY = timedelta(seconds=REMEMBERED)
_READ_AT_ONCE = 10_000


class CopyTable:
    """Rows of `NEAR_COPIES` from events in order of time.

    Args:
        count_once: whether repeated topics are noted; else all mentions count.
    """

    def __init__(self, count_once: bool = True) -> None:
        self._finder = CopyFinder()
        self._count_once = count_once
        self._before: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame] | None = None

    def remind(self, events: pl.DataFrame, phrases: pl.DataFrame, placed: pl.DataFrame) -> None:
        """Takes in the day before, as it was placed.

        Args:
            events: columns `EVENT_COLUMNS`.
            phrases: rows of `TOPIC_PHRASES` of the same hours.
            placed: rows of `NEAR_COPIES` of the same hours.
        """
        self._before = events, phrases, placed

    def place(self, events: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
        """Rows of `NEAR_COPIES` of later events, those that are near copies, in order of time.

        Args:
            events: columns `EVENT_COLUMNS`, of whole hours.
            phrases: rows of `TOPIC_PHRASES` of the same hours.
        """
        rows = []
        parts = _parts(_named(events, phrases))
        begins = [part["timestamp"][0] for part in parts]
        first = [read_texts(part) for part in parts[: sum(at < begins[0] + _DAY for at in begins)]]
        self._recall(first)
        for part, texts in zip(parts, chain(first, map(read_texts, parts[len(first) :])), strict=True):
            for (identity, post), signature, bands in zip(
                _posts(texts.events), texts.signatures, texts.bands.tolist(), strict=True
            ):
                copy = self._finder.add(signature, bands, post, group_name(identity))
                if copy is not None:
                    repeated = list(copy.repeated) if self._count_once else []
                    rows.append((identity, copy.group, copy.copies, copy.users, repeated))
            self._finder.forget(part["timestamp"][-1].timestamp())
        named = ["event_id", "group_id", "copies", "users", "repeated"]
        found = pl.DataFrame(rows, schema={name: NEAR_COPIES.schema[name] for name in named}, orient="row")
        placed = found.join(events.select("hour", "timestamp", event_id="id"), on="event_id")
        return NEAR_COPIES.conform(placed.select(NEAR_COPIES.column_names).sort("timestamp", "event_id"))

    def _recall(self, coming: Sequence[Texts]) -> None:
        """Of the day before, takes in the posts that the coming ones are like, and the groups of those."""
        if self._before is None or self._before[0].is_empty() or not coming:
            return
        events, phrases, placed = self._before
        every, like = search(_parts(events), coming)
        groups = placed.select("group_id", "repeated", id="event_id")
        old = every.join(groups, on="id", how="left", maintain_order="left")
        names = [group or group_name(identity) for identity, group in old.select("id", "group_id").iter_rows()]
        # A post that has moved to a later hour may have begun a group of the day before.
        begun = {group_name(identity) for texts in coming for identity in texts.events["id"]}
        met = begun.union(name for identity, name in zip(old["id"], names, strict=True) if identity in like)
        members = old.with_columns(group_id=pl.Series(names, dtype=pl.String)).filter(pl.col("group_id").is_in(met))
        told = members.select("group_id", pl.col("repeated").fill_null([])).iter_rows()
        for (identity, post), (group, repeated) in zip(_posts(_named(members, phrases)), told, strict=True):
            self._finder.count(post, group, repeated)
            if identity in like:
                self._finder.know(*like[identity], post.at, group)


def group_name(event_id: str) -> str:
    """BLAKE2b-64 of the event that a group begins with: its name says nothing of who wrote it."""
    return hashlib.blake2b(event_id.encode(), digest_size=8).hexdigest()


def _parts(events: pl.DataFrame) -> list[pl.DataFrame]:
    """In order of time, as many at once as memory need hold."""
    return list(events.sort("timestamp", "id").iter_slices(_READ_AT_ONCE)) if events.height else []


def _named(events: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Events with all of their topics in `named`, those of phrases last."""
    said = phrases.group_by(id="event_id", maintain_order=True).agg(said="topic")
    every = pl.concat_list("topics", pl.col("said").fill_null([])).list.unique(maintain_order=True)
    return events.join(said, on="id", how="left", maintain_order="left").with_columns(named=every).drop("said")


def _posts(events: pl.DataFrame) -> Iterator[tuple[str, Post]]:
    user = pl.concat_str("source", pl.lit(":"), "user_id").fill_null("")
    at = pl.col("timestamp").dt.epoch("us") / 1_000_000
    for identity, moment, name, topics in events.select("id", at, user.alias("user"), "named").iter_rows():
        yield identity, Post(moment, name, tuple(topics))
