"""TGB's tgbl-wiki: rank all pages for each edit; the field's own benchmark.

    python -m trend_assets_tests.benchmarks.tgb FILE --epochs 5 --seed 0 --json OUT

FILE has `source target unix_time` a line; `.gz` is read too. Mean reciprocal rank of the true page among all pages;
ties count half; the other true pages of the same source and second are left out; 70/15/15 at TGB's quantiles of time;
batches of 200. `--state` says what is known when an edge is scored, for the figures on TGB's board differ in that (see
`tgb_protocol.known`): `earlier`, what is of an earlier second, as the models that lead the board have it, and the
default; `batch`, what came before its batch, as TGB's EdgeBank and TGN have it. The result names it. The network's
memory knows what came before the batch in both. `--groups` takes pieces away or adds the network. Nothing is chosen on
test.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch

from trend_assets.tgn.link_ranking import GROUPS, Interactions, LinkRanker, RankingSettings
from trend_assets.tgn.model import ModelSettings
from trend_assets_tests.benchmarks.tgb_protocol import STATES, Scores, known, measure, read_stream, split

#: Small: most of what it could hold, the features hold.
NETWORK = ModelSettings(memory_dim=32, time_dim=8, neighbors=5)


def run(path: Path, state: str, epochs: int, settings: RankingSettings) -> dict[str, Any]:
    """Learns from the training part, then ranks validation and test; the state goes on from one to the next."""
    stream = read_stream(path)
    parts = split(stream)
    columns = (
        torch.from_numpy(column) for column in (stream.src, stream.dst, stream.times, known(stream, parts, state))
    )
    ranker = LinkRanker(Interactions(*columns, stream.sources, stream.destinations), settings, NETWORK)
    history, cpu = [], time.process_time()
    for report in ranker.fit(parts.validation, epochs):
        history.append({"seconds": report.seconds, "cpu_seconds": time.process_time() - cpu, "loss": report.loss})
        print(" ".join(f"{name} {value:.4g}" for name, value in history[-1].items()), flush=True)
        cpu = time.process_time()

    def score(rows: slice) -> Scores:
        batch = torch.arange(rows.start, rows.stop)
        scores = ranker.score(batch).numpy()
        ranker.observe(batch)
        return scores

    ranker.catch_up(parts.validation)
    on_validation = measure(stream, parts.validation, parts.test, score)
    on_test = measure(stream, parts.test, parts.end, score)
    seconds, cpu = (float(np.mean([entry[name] for entry in history])) for name in ("seconds", "cpu_seconds"))
    return {
        "test_mrr": float(on_test.mean()),
        "val_mrr": float(on_validation.mean()),
        "state": state,
        "seconds_per_epoch": seconds,
        "train_events_per_second": parts.validation / seconds,
        "train_events_per_cpu_second": parts.validation / cpu,
        "parameters": ranker.parameters_learnt,
        "epochs": epochs,
        "seed": settings.seed,
        "settings": asdict(settings),
        "history": history,
    }


def main() -> None:
    """Reads the command line, measures, writes the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--state", choices=STATES, default="earlier")
    parser.add_argument("--groups", nargs="*", choices=GROUPS, default=list(RankingSettings().groups))
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = RankingSettings(groups=tuple(arguments.groups), seed=arguments.seed)
    result = run(arguments.file, arguments.state, arguments.epochs, settings)
    arguments.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    print(f"state {arguments.state} test_mrr {result['test_mrr']:.4f} val_mrr {result['val_mrr']:.4f}")


if __name__ == "__main__":
    main()
