"""Pictures of what `benchmarks.streams --json` has written: leads with their intervals, and hours ahead.

    python -m trend_assets_tests.benchmarks.streams.pictures OUT… --leads leads.svg --lead-time FOLDER

Several files are taken together; of a stream that is in more than one, the last one counts. `--leads` draws the lead of
the TGN over the best learned baseline and the best formula of every stream and label, `--lead-time` one picture a
stream: the share of the topics that became big which each ranking called, and how many hours before, at equal false
alarms a day, of the counts the one that called the most.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import altair
import orjson
import polars as pl

from trend_assets.words import COUNTING
from trend_assets_tests.benchmarks.streams.told import MODEL, OPPONENTS, best_of

_SHOWN = {
    MODEL: "TGN",
    "gradient_boosting": "LightGBM",
    "logistic_regression": "logistic regression",
    "seismic": "SEISMIC",
    "hacker_news": "Hacker News",
    "mastodon": "Mastodon",
    "gnip_poisson": "Gnip",
    "nikolov_shah": "Nikolov and Shah",
}
_KINDS = ("best learned baseline", "best product formula")


def leads(streams: Mapping[str, Mapping[str, Any]]) -> altair.Chart:
    """The TGN's relative lead in NDCG@10, by stream and label; 95 % intervals."""
    rows = []
    for stream, told in streams.items():
        for label, found in told.get("labels", {}).items():
            for kind in _KINDS:
                best = best_of(found["rankings"], OPPONENTS[kind])
                if best and MODEL in found["rankings"]:
                    of_best = found["rankings"][best]
                    shares = [value / of_best["ndcg_at_10"][0] for value in of_best["lead_of_tgn"]]
                    rows.append(
                        {"pair": f"{stream}, {label}", "over the": kind, **dict(zip(_BOUNDS, shares, strict=True))}
                    )
    base = altair.Chart(pl.DataFrame(rows)).encode(y=altair.Y("pair", title=None, sort=None))
    percent = altair.Axis(format="+.0%")
    middle = base.mark_point(filled=True, size=60).encode(
        x=altair.X("mean", title="lead in NDCG@10, 95 % interval", axis=percent)
    )
    bars = base.mark_rule().encode(x=altair.X("low", axis=percent), x2="high")
    zero = base.mark_rule(color="#888", strokeDash=[3, 3]).encode(x=altair.datum(0))
    return (
        altair.layer(zero, bars, middle)
        .properties(width=330)
        .facet(column=altair.Column("over the", title=None, sort=list(_KINDS)))
        .resolve_scale(x="independent")
    )


_BOUNDS = ("mean", "low", "high")


def lead_time(stream: str, told: Mapping[str, Any]) -> altair.Chart:
    """Of one stream: what each ranking called, and how long before."""
    rates = told["false_alarms_a_day"]
    count = max(COUNTING, key=lambda name: sum(rankings[name]["called"] for rankings in rates.values()))
    shown = {**_SHOWN, count: COUNTING[count]}
    rows = [
        {"ranking": shown[name], "rate": float(rate), "called": found["called"], "hours": found.get("mean_hours")}
        for rate, rankings in rates.items()
        for name, found in rankings.items()
        if name in shown
    ]
    legend = altair.Legend(labelLimit=400)
    scheme = altair.Scale(scheme="tableau10")
    rankings = altair.Color("ranking", sort=list(shown.values()), scale=scheme, legend=legend)
    width = altair.condition(altair.datum.ranking == "TGN", altair.value(3.5), altair.value(1.5))
    base = (
        altair.Chart(pl.DataFrame(rows))
        .mark_line(point=True)
        .encode(
            x=altair.X(
                "rate", title="false alarms a day", scale=altair.Scale(type="log"), axis=altair.Axis(values=[1, 3, 10])
            ),
            color=rankings,
            strokeWidth=width,
        )
        .properties(width=330, height=220)
    )
    share = base.encode(y=altair.Y("called", title="called of those that became big", axis=altair.Axis(format="%")))
    hours = base.encode(y=altair.Y("hours", title="hours before, in the mean"))
    title = f"{stream}: {told['big_topics']} topics became big in {told['days']:.0f} days"
    return altair.hconcat(share, hours, title=title)


def main() -> None:
    """Reads the command line and draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="OUT")
    parser.add_argument("--leads", type=Path, metavar="FILE", help="SVG or PNG, by its name")
    parser.add_argument("--lead-time", type=Path, metavar="FOLDER", help="an SVG a stream")
    options = parser.parse_args()
    streams: dict[str, dict[str, Any]] = {}
    for path in options.files:
        for name, told in orjson.loads(path.read_bytes())["streams"].items():
            streams[name] = streams.get(name, {}) | told
    if options.leads:
        leads(streams).save(options.leads)
    if options.lead_time:
        options.lead_time.mkdir(parents=True, exist_ok=True)
        for name, told in streams.items():
            if "lead_time" in told:
                lead_time(name, told["lead_time"]).save(options.lead_time / f"lead-time-{name}.svg")


if __name__ == "__main__":
    main()
