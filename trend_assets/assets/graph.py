"""Stage 3: the temporal graph of users, contents and topics, built from events."""

import dagster as dg
import polars as pl

from trend_assets.assets.checks import Rows, check_specs, ends_known, sound
from trend_assets.assets.declare import IO_MANAGER, OWNERS, counts, table_metadata
from trend_assets.assets.retrying import RETRY_POLICY, retried
from trend_assets.graph.builder import GraphBuilder
from trend_assets.lake.table import Table
from trend_assets.lake.tables import NODES, TEMPORAL_EDGES
from trend_assets.settings import Settings


def graph_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """`temporal_edges`, and `nodes`, which says what their ends stand for."""

    def out(table: Table, hour: str) -> dg.AssetOut:
        return dg.AssetOut(
            description=table.meaning,
            io_manager_key=IO_MANAGER,
            metadata={**table_metadata(table), "partition_expr": hour},
            owners=OWNERS,
            kinds={"duckdb", "polars"},
            group_name="graph",
            is_required=True,
        )

    @dg.multi_asset(
        name="temporal_graph",
        outs={"temporal_edges": out(TEMPORAL_EDGES, "hour"), "nodes": out(NODES, "first_seen")},
        partitions_def=hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[*check_specs(TEMPORAL_EDGES), ends_known(NODES.frame()).spec(TEMPORAL_EDGES.name)],
        retry_policy=RETRY_POLICY,
    )
    @retried
    def temporal_graph(
        context: dg.AssetExecutionContext,
        settings: dg.ResourceParam[Settings],
        events: pl.DataFrame,
        topic_phrases: pl.DataFrame,
        near_copies: pl.DataFrame,
    ) -> Rows:
        edges, nodes = GraphBuilder(settings.graph.community_columns).build(events, topic_phrases, near_copies)
        kinds = dict(nodes.group_by("kind").len().sort("kind").rows())
        yield from sound(TEMPORAL_EDGES, edges, ends_known(nodes))
        yield dg.Output(nodes, output_name="nodes", metadata=counts(context, kinds))
        yield dg.Output(edges, output_name="temporal_edges", metadata=counts(context, {"edges": edges.height}))

    return temporal_graph
