"""Time, memory and disk of the network on streams of growing size.

    python -m trend_assets_tests.benchmarks.tgn_scale --edges 100000 1000000 --json OUT

Each size runs in a process of its own: one epoch of link training in batches of 1,000, then the same stream
taken in without learning, then a checkpoint. The streams are drawn: activity of users and topics by Zipf's law,
half of the interactions repeat a recent pair. What 10^9 edges would take is what the last two sizes extrapolate to.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from safetensors.torch import save_file
from torch_geometric.data import TemporalData

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings, event_clock
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork

_BATCH = 1000


def stream(edges: int, seed: int = 0) -> TemporalData:
    """Users to topics; a tenth as many nodes as edges."""
    generator = np.random.default_rng(seed)
    users, topics = max(edges // 20, 10), max(edges // 20, 10)
    source = generator.zipf(1.3, edges) % users
    target = users + generator.zipf(1.3, edges) % topics
    again = generator.random(edges) < 0.5
    back = np.maximum(np.arange(edges) - generator.integers(1, 1000, edges), 0)
    source[again], target[again] = source[back[again]], target[back[again]]
    return TemporalData(
        src=torch.from_numpy(source.astype(np.int64)),
        dst=torch.from_numpy(target.astype(np.int64)),
        t=torch.arange(edges),
        msg=torch.zeros(edges, 2),
    )


def measure(edges: int) -> dict[str, Any]:
    """One size."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = event_clock(stream(edges))
    before = _peak()
    model = TemporalGraphNetwork(2 * max(edges // 20, 10), 2, ModelSettings())
    trainer = LinkTrainer(model, LinkTrainingSettings(batch_size=_BATCH))
    trained = trainer.train_epoch(data)
    model.eval()
    model.reset()
    began = time.perf_counter()
    with torch.no_grad():
        for first in range(0, edges, _BATCH):
            part = slice(first, first + _BATCH)
            model.memory.update()
            model.observe(data.src[part], data.dst[part], data.t[part], data.msg[part])
    taken_in = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)
        disk = path.stat().st_size
    return {
        "edges": edges,
        "nodes": model.num_nodes,
        "training_events_per_second": round(trained.events_per_second),
        "taking_in_events_per_second": round(edges / taken_in),
        "stream_megabytes": round(before / 1e6),
        "peak_megabytes": round(_peak() / 1e6),
        "checkpoint_megabytes": round(disk / 1e6, 1),
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Reads the command line, measures each size in a fresh process, writes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = []
    for edges in options.edges:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            results.append(pool.apply(measure, (edges,)))
        print(orjson.dumps(results[-1]).decode(), flush=True)
    if options.json:
        options.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
