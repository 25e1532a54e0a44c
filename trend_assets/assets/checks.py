"""Asset checks: what must hold of the rows that an asset writes; they run in its step, before the write.

Where one fails, nothing is written: the last good rows stay, and what would be made of the new ones waits. The checks
see the rows of this run alone, so that an hour costs the same however long the history is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from trend_assets.lake.table import Table
from trend_assets.lake.tables import (
    EVENT_EMBEDDINGS,
    EVENTS,
    NEAR_COPIES,
    PREDICTIONS,
    RAW_EVENTS,
    TEMPORAL_EDGES,
    TOPIC_ACTIVITY,
    TOPIC_LABELS,
    TOPIC_PHRASES,
)

#: What an asset function yields: what the checks found in its rows, then the rows.
Rows = Iterator[dg.Output[pl.DataFrame] | dg.AssetCheckResult]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold; `broken` gives the rows that break it."""

    name: str
    meaning: str
    broken: Callable[[pl.DataFrame], pl.DataFrame]

    def spec(self, key: dg.AssetKey | str) -> dg.AssetCheckSpec:
        """How an asset declares it."""
        return dg.AssetCheckSpec(self.name, asset=key, description=self.meaning, blocking=True)

    def result(self, key: dg.AssetKey | str, frame: pl.DataFrame) -> dg.AssetCheckResult:
        """What it finds in the rows."""
        broken = self.broken(frame).height
        return dg.AssetCheckResult(
            asset_key=key,
            check_name=self.name,
            passed=not broken,
            metadata={"rows": frame.height, "rows_that_break_it": broken},
        )


def _where(condition: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.filter(condition)


def _unique(table: Table) -> Rule:
    return Rule("key_unique", f"No two rows share {', '.join(table.key)}.", lambda frame: frame.filter(_copies(table)))


def _copies(table: Table) -> pl.Expr:
    return pl.struct(table.key).is_duplicated()


def _no_leaders(frame: pl.DataFrame) -> pl.DataFrame:
    leaders = frame.filter(pl.col("topic") == pl.col("group_topic")).select("hour", group_topic="topic")
    return frame.join(leaders, on=["hour", "group_topic"], how="anti")


TIMES_IN_PARTITION = Rule(
    "times_in_partition",
    "Every time lies in the hour of its partition.",
    _where(pl.col("timestamp").dt.truncate("1h") != pl.col("hour")),
)
_SCORES = ~(
    pl.col("spam_score").is_between(0, 1)
    & pl.col("gen_z_score").is_between(0, 1)
    & pl.col("edge_weight").is_between(0.2, 1)
)
_LENGTH = pl.col("embedding").list.eval(pl.element() ** 2).list.sum()

RULES: dict[str, tuple[Rule, ...]] = {
    RAW_EVENTS.name: (_unique(RAW_EVENTS), TIMES_IN_PARTITION),
    EVENTS.name: (
        _unique(EVENTS),
        TIMES_IN_PARTITION,
        Rule("scores_in_range", "Scores are in [0, 1], edge weights in [0.2, 1].", _where(_SCORES)),
    ),
    EVENT_EMBEDDINGS.name: (
        _unique(EVENT_EMBEDDINGS),
        Rule("unit_length", "Every vector has length one.", _where((_LENGTH - 1).abs() > 1e-3)),
    ),
    TOPIC_ACTIVITY.name: (
        _unique(TOPIC_ACTIVITY),
        Rule(
            "counts_consistent",
            "A topic has at least one mention, and no more users than mentions.",
            _where((pl.col("mentions") < 1) | (pl.col("distinct_users") > pl.col("mentions"))),
        ),
    ),
    TOPIC_PHRASES.name: (_unique(TOPIC_PHRASES), TIMES_IN_PARTITION),
    NEAR_COPIES.name: (
        _unique(NEAR_COPIES),
        TIMES_IN_PARTITION,
        Rule(
            "counts_consistent",
            "A copy is at least the second of its group, and no more users wrote them than there are.",
            _where((pl.col("copies") < 2) | (pl.col("users") > pl.col("copies"))),
        ),
    ),
    TOPIC_LABELS.name: (
        _unique(TOPIC_LABELS),
        Rule(
            "confidence_in_range",
            "Confidence is a probability.",
            _where(~pl.col("confidence").is_between(0, 1)),
        ),
        Rule(
            "leaders_lead",
            "The topic that a group is named by is one of the hour's, and its own leader.",
            _no_leaders,
        ),
    ),
    TEMPORAL_EDGES.name: (
        _unique(TEMPORAL_EDGES),
        TIMES_IN_PARTITION,
        Rule("weights_in_range", "Edge weights are in [0.2, 1].", _where(~pl.col("weight").is_between(0.2, 1))),
    ),
    PREDICTIONS.name: (
        _unique(PREDICTIONS),
        Rule(
            "confidence_in_range",
            "Confidence is a probability, or absent.",
            _where(~pl.col("confidence").is_between(0, 1)),
        ),
        Rule(
            "cut_after_hour",
            "A forecast is made at the end of the last hour that it saw.",
            _where(pl.col("cut") != pl.col("hour").dt.offset_by("1h")),
        ),
    ),
}


def ends_known(nodes: pl.DataFrame) -> Rule:
    """Of `temporal_edges`: both ends of an edge are among the nodes that are written with it."""
    known = nodes["node_id"].implode()
    both = pl.col("src").is_in(known) & pl.col("dst").is_in(known)
    return Rule("ends_known", "Both ends of an edge are nodes.", _where(~both))


def check_specs(table: Table) -> list[dg.AssetCheckSpec]:
    """The checks that the table's asset declares; none for a table without rules."""
    rules = RULES.get(table.name, ())
    return [rule.spec(table.name) for rule in rules]


def checked(table: Table, frame: pl.DataFrame, metadata: Mapping[str, Any]) -> Rows:
    """What the checks found in the rows, and the rows to write.

    Raises:
        dagster.Failure: one found something.
    """
    yield from sound(table, frame)
    yield dg.Output(frame, metadata=metadata)


def sound(table: Table, frame: pl.DataFrame, *more: Rule) -> Iterator[dg.AssetCheckResult]:
    """What the checks found in the rows.

    Args:
        table: where they belong.
        frame: the rows.
        more: rules beside those of the table.

    Raises:
        dagster.Failure: one found something.
    """
    results = [rule.result(table.name, frame) for rule in (*RULES[table.name], *more)]
    yield from results
    if broken := [str(result.check_name) for result in results if not result.passed]:
        raise dg.Failure(
            f"{table.name}: {', '.join(broken)} failed: nothing was made of these rows, what was there before stays",
            allow_retries=False,
        )
