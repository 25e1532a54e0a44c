"""Where link training spends its time, and how near that is to what this machine can do.

    python -m trend_assets_tests.benchmarks.tgn_profile FILE --json OUT

FILE as for `tgn_link`. The bounds: the floating-point operations of the matrix products against the machine's best
matrix product, and the bytes of all tensors made (each written once and read once) against its best copy.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import torch
from torch.profiler import ProfilerActivity, profile
from torch_geometric.data import TemporalData

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings, event_clock
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork
from trend_assets_tests.benchmarks.tgn_link import read_stream

_BATCH = 1000
_SIDE = 1024
_COPIED = 64 * 2**20
_OPERATORS = 15


def best_of(times: int, work: Callable[[], object]) -> float:
    """The least seconds that it took."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def machine() -> dict[str, float]:
    """What it can do with the threads that torch has: GFLOP/s of a large matrix product, GB/s of a copy."""
    left, right, product = (torch.rand(_SIDE, _SIDE) for _ in range(3))
    source, target = torch.zeros(_COPIED, dtype=torch.float32), torch.zeros(_COPIED, dtype=torch.float32)
    multiplied = best_of(10, lambda: torch.matmul(left, right, out=product))
    copied = best_of(10, lambda: target.copy_(source))
    return {
        "gflop_per_second": 2 * _SIDE**3 / multiplied / 1e9,
        "gb_per_second": 2 * source.nbytes / copied / 1e9,
    }


def profiled(data: TemporalData, batches: int) -> dict[str, Any]:
    """Time by operator, and operations and bytes an event, over batches behind as many that warm it up."""
    trainer = LinkTrainer(
        TemporalGraphNetwork(data.num_nodes, data.msg.size(1), ModelSettings()), LinkTrainingSettings(batch_size=_BATCH)
    )
    part = data[: batches * _BATCH]
    trainer.train_epoch(part)
    seconds = min(trainer.train_epoch(part).seconds for _ in range(3))
    with profile(activities=[ProfilerActivity.CPU], with_flops=True, profile_memory=True) as found:
        trainer.train_epoch(part)
    rows = found.key_averages()
    spent = sum(row.self_cpu_time_total for row in rows)
    rows = sorted(rows, key=lambda row: -row.self_cpu_time_total)
    return {
        "events_per_second": part.num_events / seconds,
        "flop_per_event": sum(row.flops for row in rows) / part.num_events,
        "bytes_per_event": 2 * sum(max(row.self_cpu_memory_usage, 0) for row in rows) / part.num_events,
        "calls_per_batch": sum(row.count for row in rows) / batches,
        "share": {row.key: round(row.self_cpu_time_total / spent, 3) for row in rows[:_OPERATORS]},
    }


def bounds(found: dict[str, Any], able: dict[str, float]) -> dict[str, float]:
    """The share of the time that the operations, and the bytes, would take at the machine's best."""
    events = found["events_per_second"]
    return {
        "arithmetic_share": events * found["flop_per_event"] / able["gflop_per_second"] / 1e9,
        "memory_share": events * found["bytes_per_event"] / able["gb_per_second"] / 1e9,
    }


def main() -> None:
    """Reads the command line, measures, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    able = machine()
    found = profiled(event_clock(read_stream(options.file)), options.batches)
    told = {"machine": able, "training": found, "bounds": bounds(found, able)}
    options.json.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
