"""How well spam is told from its text, on labelled files that the model has not seen, and on ordinary posts.

    python -m trend_assets_tests.benchmarks.spam --train FILE… --test FILE… --json OUT
    python -m trend_assets_tests.benchmarks.spam            # each of the shared files, by a model of the others
    python -m trend_assets_tests.benchmarks.spam --tweets 50    # those of the tweets of 2015 that score highest

Texts are scored as the platform does, without a word about their accounts; what scores 0.5 or more is called spam.
`--ordinary` are the posts from which a model learns what it does not know, by default the shared tweets of 2014.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, f1_score

from trend_assets.enrichment.spam.labelled import read_labelled, read_ordinary
from trend_assets.enrichment.spam.scorer import SpamScorer
from trend_assets.enrichment.spam.training import Labelled, train
from trend_assets.sources.archive.files import read_archive
from trend_assets.sources.event import Event

SHARED = Path(os.environ.get("TREND_SHARED_DATA", "../shared/data"))
_WHEN = datetime(2024, 1, 1, tzinfo=UTC)


def scores(scorer: SpamScorer, texts: Sequence[str]) -> np.ndarray:
    """Spam scores of comments of which only the text is known, shape (n,)."""
    events = [Event(_WHEN, "youtube", "comment", "1", "u", text) for text in texts]
    return np.array([score.score for score in scorer.score_all(events, [0] * len(events))])


def figures(files: Sequence[Labelled], tested: Sequence[Labelled], ordinary: Sequence[str]) -> dict[str, float]:
    """F1 and false positive rate at 0.5, and average precision, of a model of `files` on all texts of `tested`."""
    scorer = SpamScorer(train(files, ordinary).model)
    labels = np.concatenate([file.labels for file in tested])
    found = scores(scorer, [text for file in tested for text in file.texts])
    return {
        "f1": float(f1_score(labels, found >= 0.5)),
        "average_precision": float(average_precision_score(labels, found)),
        "false_positive_rate": float(((found >= 0.5) & (labels == 0)).sum() / max((labels == 0).sum(), 1)),
    }


def left_out(ordinary: Sequence[str]) -> dict[str, dict[str, float]]:
    """Figures of each shared file by a model of the others, and their means."""
    files = [read_labelled(file) for file in sorted((SHARED / "youtube_spam").glob("*.csv"))]
    found = {file.name: figures([other for other in files if other is not file], [file], ordinary) for file in files}
    names = next(iter(found.values()))
    return {**found, "mean": {name: float(np.mean([each[name] for each in found.values()])) for name in names}}


def on_tweets(show: int) -> dict[str, float]:
    """The share of the shared tweets of 2015 called spam, from the text alone and with the account, and the time.

    Prints those that score highest by their text, and as many drawn from those called spam with the account.
    """
    events = [
        payload.event
        for file in sorted((SHARED / "tweets").glob("2015-*.jsonl.gz"))
        for batch in read_archive(file)
        for payload in batch.payloads
    ]
    scorer = SpamScorer()
    begun = time.process_time()
    with_account = [score.score for score in scorer.score_all(events, [0] * len(events))]
    seconds = time.process_time() - begun
    alone = scores(scorer, [event.text for event in events])
    for at in np.argsort(-alone, kind="stable")[:show]:
        print(f"{alone[at]:.2f}  {' '.join(events[at].text.split())}")
    called = [at for at, score in enumerate(with_account) if score >= 0.5]
    for at in random.Random(7).sample(called, min(show, len(called))):
        print(f"{with_account[at]:.2f} with its account  {' '.join(events[at].text.split())}")
    return {
        "tweets": len(events),
        "called_spam_by_text": float(np.mean(alone >= 0.5)),
        "called_spam_with_account": len(called) / len(events),
        "cpu_microseconds_a_tweet": seconds / len(events) * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", default=[])
    parser.add_argument("--test", type=Path, nargs="+", default=[])
    parser.add_argument("--ordinary", type=Path, nargs="*", default=sorted((SHARED / "tweets").glob("2014-*.jsonl.gz")))
    parser.add_argument("--tweets", type=int, help="show so many")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.tweets is not None:
        told: dict = on_tweets(options.tweets)
    elif options.train and options.test:
        files = ([read_labelled(file) for file in group] for group in (options.train, options.test))
        told = figures(*files, read_ordinary(options.ordinary))
    else:
        told = left_out(read_ordinary(options.ordinary))
    print(json.dumps(told, indent=2))
    if options.json:
        options.json.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
