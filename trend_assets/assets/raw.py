"""Stage 1: the raw events of an hour, of all sources and imported archives, before anything is made of them."""

# No postponed annotations here: Dagster needs the evaluated types.
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from trend_assets.assets.checks import check_specs, sound
from trend_assets.assets.declare import IO_MANAGER, OWNERS, counts, table_metadata
from trend_assets.assets.retrying import RETRY_POLICY, retried
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import RAW_EVENTS

_CHECKED = ("id", "timestamp", "hour")
_BY_SOURCE = "SELECT source, count(*) FROM raw_events WHERE hour >= ? AND hour < ? GROUP BY source ORDER BY source"


def raw_events_asset(sources: Sequence[dg.AssetKey], hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`raw_events`: looks at the rows of the hour, which sources and imports have written, and lets sound ones on.

    Args:
        sources: keys of the sources' assets.
        hours: the partitions.
    """
    specs = check_specs(RAW_EVENTS)

    @dg.op(out=dg.Out(dg.Nothing), description="Lets the flow go on where no source answered.")
    def begin() -> None:
        return None

    # A source that gave nothing has no output. Of a list of inputs Dagster needs one, of inputs by name each.
    @dg.op(
        name="gathered",
        ins={"told": dg.In(dg.Nothing)},
        out={
            "result": dg.Out(io_manager_key=IO_MANAGER),
            **{spec.name: dg.Out(is_required=False) for spec in specs},
        },
        retry_policy=RETRY_POLICY,
    )
    @retried
    def gathered(
        context: dg.OpExecutionContext, lake: dg.ResourceParam[LakeResource]
    ) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
        window = context.partition_time_window
        frame = lake.lake.read_table(RAW_EVENTS, window.start, window.end, columns=list(_CHECKED))
        yield from sound(RAW_EVENTS, frame)
        by_source = lake.lake.read(_BY_SOURCE, [window.start, window.end]).rows()
        told = {f"rows_{source}": rows for source, rows in by_source}
        # The rows are in the table already.
        yield dg.Output(None, "result", metadata=counts(context, {"dagster/row_count": frame.height, **told}))

    @dg.graph_asset(
        name=RAW_EVENTS.name,
        description=RAW_EVENTS.meaning,
        group_name="sources",
        owners=OWNERS,
        kinds={"duckdb", "polars"},
        metadata=table_metadata(RAW_EVENTS),
        ins={key.path[-1]: dg.AssetIn(key=key, dagster_type=dg.Nothing) for key in sources},
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=specs,
    )
    def raw_events(**told: Any) -> dict[str, Any]:
        outputs = gathered(told=[begin(), *told.values()])
        checks = {spec.get_python_identifier(): getattr(outputs, spec.name) for spec in specs}
        return {"result": outputs.result, **checks}

    return raw_events
