"""Link prediction on a file of interactions: how fast it trains and how well it predicts.

    python -m trend_assets_tests.benchmarks.tgn_link FILE --epochs 5 --seed 0 --json OUT

FILE has `source target unix_time` a line, optionally a weight in a fourth column; `.gz` is read too.
70/15/15 by time, one random destination for each interaction, average precision and ROC AUC as means over
batches of 200.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from torch_geometric.data import TemporalData

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings, event_clock
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork

EVALUATION_BATCH = 200


def read_stream(path: Path) -> TemporalData:
    """Interactions of a file in order of time; nodes renumbered from 0, time from the first interaction.

    Raises:
        ValueError: fewer than three columns, or too few interactions to split.
    """
    table = np.loadtxt(path, dtype=np.float64, ndmin=2)
    if table.shape[1] < 3 or len(table) < 10:
        raise ValueError(f"{path}: expected at least 10 lines of `source target unix_time [weight]`")
    table = table[table[:, 2].argsort(kind="stable")]
    _, nodes = np.unique(table[:, :2].astype(np.int64), return_inverse=True)
    nodes = nodes.reshape(-1, 2)
    seconds = table[:, 2].astype(np.int64)
    return TemporalData(
        src=torch.from_numpy(nodes[:, 0].copy()),
        dst=torch.from_numpy(nodes[:, 1].copy()),
        t=torch.from_numpy(seconds - seconds[0]),
        msg=torch.from_numpy(table[:, 3:4].astype(np.float32)),
    )


def measure(
    data: TemporalData, epochs: int, model_settings: ModelSettings, settings: LinkTrainingSettings
) -> dict[str, Any]:
    """Trains for `epochs` and measures the epoch that was best on the validation part."""
    data = event_clock(data)
    train, validation, test = data.train_val_test_split(0.15, 0.15)
    torch.manual_seed(settings.seed)
    model = TemporalGraphNetwork(data.num_nodes, data.msg.size(1), model_settings)
    trainer = LinkTrainer(model, settings)
    history = []
    for epoch in range(epochs):
        report = trainer.train_epoch(train)
        on_validation = trainer.evaluate(validation, batch_size=EVALUATION_BATCH)
        on_test = trainer.evaluate(test, batch_size=EVALUATION_BATCH)
        history.append(
            {
                "epoch": epoch,
                "seconds": report.seconds,
                "loss": report.loss,
                "validation_ap": on_validation.average_precision,
                "test_ap": on_test.average_precision,
                "test_auc": on_test.roc_auc,
            }
        )
        print(" ".join(f"{name} {value:.4g}" for name, value in history[-1].items()), flush=True)
    seconds = float(np.mean([entry["seconds"] for entry in history]))
    best = max(history, key=lambda entry: entry["validation_ap"])
    return {
        "train_events_per_second": train.num_events / seconds,
        "seconds_per_epoch": seconds,
        "test_ap": best["test_ap"],
        "test_auc": best["test_auc"],
        "epochs": epochs,
        "seed": settings.seed,
        "nodes": data.num_nodes,
        "events": data.num_events,
        "history": history,
    }


def main() -> None:
    """Reads the command line, measures, writes the result."""
    model, training = ModelSettings(), LinkTrainingSettings(batch_size=1000)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--batch-size", type=int, default=training.batch_size)
    parser.add_argument("--learning-rate", type=float, default=training.learning_rate)
    parser.add_argument("--width", type=int, default=model.memory_dim)
    parser.add_argument("--neighbors", type=int, default=model.neighbors)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    result = measure(
        read_stream(arguments.file),
        arguments.epochs,
        replace(model, memory_dim=arguments.width, neighbors=arguments.neighbors),
        replace(
            training,
            batch_size=arguments.batch_size,
            learning_rate=arguments.learning_rate,
            seed=arguments.seed,
        ),
    )
    arguments.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
