"""Stage 4: the weekly training of the temporal graph network (TGN), on data from before the week."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import orjson

from trend_assets.assets.declare import IO_MANAGER, OWNERS, SNAPSHOT_TAG, UNTIL_TAG, table_metadata
from trend_assets.assets.plots import bars
from trend_assets.assets.retrying import RETRY_POLICY, retried
from trend_assets.forecasting.labels import LABELS
from trend_assets.lake.io_manager import LakeResource
from trend_assets.lake.tables import TRAINING_RUNS
from trend_assets.operations.training import TrainedModel, train
from trend_assets.settings import Settings


def training_asset(weeks: dg.WeeklyPartitionsDefinition) -> dg.AssetsDefinition:
    """`tgn_checkpoint`, a folder of tensors, and `training_runs`, how it went."""
    week_before = dg.TimeWindowPartitionMapping(
        start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
    )
    shared: dict[str, Any] = {"owners": OWNERS, "group_name": "training"}

    @dg.multi_asset(
        name="tgn_training",
        partitions_def=weeks,
        deps=[
            dg.AssetDep(name, partition_mapping=week_before) for name in ("temporal_edges", "nodes", "event_embeddings")
        ],
        outs={
            "tgn_checkpoint": dg.AssetOut(
                **shared,
                dagster_type=dg.Nothing,
                kinds={"pytorch", "pyg"},
                description="The TGN trained on everything before the week: safetensors and a JSON side file.",
            ),
            "training_runs": dg.AssetOut(
                **shared,
                kinds={"duckdb", "polars"},
                io_manager_key=IO_MANAGER,
                description=TRAINING_RUNS.meaning,
                metadata=table_metadata(TRAINING_RUNS),
            ),
        },
        retry_policy=RETRY_POLICY,
    )
    @retried
    def tgn_training(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[LakeResource], settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.Output[Any]]:
        week = context.partition_time_window.start
        snapshot, until = context.run.tags.get(SNAPSHOT_TAG), context.run.tags.get(UNTIL_TAG)
        model = train(
            lake.lake,
            settings,
            week,
            snapshot=int(snapshot) if snapshot else None,
            until=datetime.fromisoformat(until) if until else None,
            run_id=context.run.run_id,
        )
        yield dg.Output(None, output_name="tgn_checkpoint", metadata=_metadata(model))
        row = _row(context.run.run_id, week, model)
        yield dg.Output(TRAINING_RUNS.frame([row]), output_name="training_runs", metadata={"seconds": model.seconds})

    return tgn_training


def _metadata(model: TrainedModel) -> dict[str, Any]:
    plots = {f"ndcg_{label}": _comparison(model, label) for label in LABELS}
    return {
        "model_version": model.model_version,
        "checkpoint": dg.MetadataValue.path(model.address),
        "lake_snapshot": model.lake_snapshot,
        "mentions": model.mentions,
        "seconds": model.seconds,
        "promoted": model.decision.promoted,
        "decision": model.decision.reason,
        "metrics": dg.MetadataValue.json(model.metrics),
        **{name: plot for name, plot in plots.items() if plot is not None},
    }


def _comparison(model: TrainedModel, label: str) -> dg.MarkdownMetadataValue | None:
    """NDCG@10 on the held-out weeks beside every baseline; none where no cut could be scored."""
    figures = {name: values[label]["ndcg_at_10"] for name, values in model.metrics.items() if isinstance(values, dict)}
    known = {name: value for name, value in figures.items() if value is not None}
    if not known:
        return None
    order = sorted(known, key=known.__getitem__, reverse=True)
    return bars(order, [round(known[name], 3) for name in order], f"{label}: NDCG@10 on the held-out weeks")


def _row(run_id: str, week: datetime, model: TrainedModel) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "week": week,
        "status": "succeeded",
        "model_version": model.model_version,
        "lake_snapshot": model.lake_snapshot,
        "started_at": datetime.now(UTC) - timedelta(seconds=model.seconds),
        "seconds": model.seconds,
        "losses": orjson.dumps(model.losses).decode(),
        "metrics": orjson.dumps(model.metrics).decode(),
        "error": None,
        "promoted": model.decision.promoted,
        "decision": model.decision.reason,
    }
