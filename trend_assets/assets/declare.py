"""What all asset declarations share: the table's schema as metadata, owners, kinds, the IO manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from trend_assets.assets.checks import check_specs
from trend_assets.assets.retrying import RETRY_POLICY, retried
from trend_assets.lake.table import Table

OWNERS = ["team:trends"]
IO_MANAGER = "lake_io_manager"
#: The assets of all sources that the settings enable.
SOURCE_ASSETS = "sources/*"
#: Tags of a training run: the lake's snapshot to train on; the hour before which an early training's data ends.
SNAPSHOT_TAG = "trend/snapshot"
UNTIL_TAG = "trend/until"


def source_key(source: str) -> dg.AssetKey:
    """The key of a source's asset."""
    return dg.AssetKey(["sources", source])


def asset_keys(assets: Iterable[str], sources: Iterable[str]) -> list[dg.AssetKey]:
    """The keys of assets.

    Args:
        assets: their names; `SOURCE_ASSETS` stands for the assets of all sources.
        sources: names of the sources.
    """
    every = [source_key(source) for source in sources]
    named = dg.AssetKey.from_user_string
    return [key for name in assets for key in (every if name == SOURCE_ASSETS else [named(name)])]


def column_schema(table: Table) -> dg.TableSchema:
    """The table's declared columns, as the Dagster UI shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=f"{column.meaning} [{column.unit}]" if column.unit else column.meaning,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=(column.name,) == table.key),
            )
            for column in table.columns
        ]
    )


def table_asset(table: Table, group: str, *extra_kinds: str) -> dict[str, Any]:
    """The arguments of `@dg.asset` that every asset of a table shares."""
    return {
        "name": table.name,
        "description": table.meaning,
        "group_name": group,
        "owners": OWNERS,
        "kinds": {"duckdb", "polars", *extra_kinds},
        "io_manager_key": IO_MANAGER,
        "metadata": table_metadata(table),
        "check_specs": check_specs(table),
    }


def asset(**arguments: Any) -> Callable[[Callable[..., Iterator[Any]]], dg.AssetsDefinition]:
    """`@dg.asset`, whose overloads do not take arguments out of a mapping, with the policy of retries."""
    declared: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(retry_policy=RETRY_POLICY, **arguments)
    return lambda step: declared(retried(step))


def table_metadata(table: Table) -> dict[str, Any]:
    """Definition metadata: the column schema, and for the IO manager the partition's column."""
    metadata: dict[str, Any] = {"dagster/column_schema": column_schema(table)}
    if table.partition:
        metadata["partition_expr"] = table.partition
    return metadata


def is_range(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> bool:
    """Whether the run writes many partitions: their events share one metadata, so it is kept small."""
    keys = context.partition_key_range
    return bool(keys.start != keys.end)


def counts(
    context: dg.AssetExecutionContext | dg.OpExecutionContext, numbers: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Numbers, and what is large (plots, tables) only where one partition is written; of a range, what they are of."""
    if not is_range(context):
        return {**numbers, **more}
    keys = context.partition_key_range
    return {"counted_over": f"all partitions of this run: {keys.start} to {keys.end}", **numbers}
