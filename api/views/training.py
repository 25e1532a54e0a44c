"""Training page: runs, losses, metrics beside the baselines', promotion decisions."""

from __future__ import annotations

from html import escape
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from api.views.source import source
from api.views.words import LABELS, counted, moment, nothing, number, plain, table


def show() -> None:
    """The page."""
    st.title("Training")
    status = source().get("/training/status")
    if not status["items"]:
        nothing(status["reason"])
        return
    columns = (
        ("Week", "when"),
        ("Status", "when wide"),
        ("Model", "when"),
        ("Seconds", "number wide"),
        ("Decision", ""),
    )
    table("Trainings, the newest first", columns, [_row(run) for run in status["items"]])
    trained = [run for run in status["items"] if run["status"] == "succeeded"]
    if not trained:
        nothing("no training has succeeded yet: the reasons are above.")
        return
    versions = [run["model_version"] for run in trained]
    chosen = st.selectbox("Look at", versions, key="model", bind="query-params")
    run = trained[versions.index(chosen)]
    _decision(run)
    _metrics(run["metrics"])
    _calibration(run)
    _losses(run["losses"])


def _row(run: dict[str, Any]) -> list[str]:
    promoted = {True: "promoted", False: "not promoted", None: "—"}[run["promoted"]]
    decision = f"{promoted}: {run['decision']}" if run["decision"] else promoted
    return [
        moment(run["week"], "%Y-%m-%d"),
        "✓ succeeded" if run["status"] == "succeeded" else f"✗ {escape(run['status'])}",
        escape(run["model_version"] or "—"),
        number(run["seconds"], 0),
        escape(run["error"] or decision),
    ]


def _decision(run: dict[str, Any]) -> None:
    """Why it was put to use, or was not."""
    said = plain(run["decision"] or "no decision was stored")
    if run["promoted"]:
        st.success(f"Promoted: {said}", icon=":material/check_circle:")
    elif run["promoted"] is False:
        st.warning(f"Not promoted: {said}", icon=":material/block:")
    else:
        st.info(f"Not decided: {said}", icon=":material/info:")
    st.caption(
        f"Trained at {moment(run['started_at'])} in {number(run['seconds'], 0)} s on lake snapshot "
        f"{run['lake_snapshot'] or '—'}; {counted(run['metrics'].get('held_out_weeks', 0), 'week')} held out. "
        f"[The checkpoint, in Dagster]({run['dagster_link']})"
    )


def _calibration(run: dict[str, Any]) -> None:
    """What its confidence stands on, and how it did since."""
    st.header("Calibration", anchor=False)
    held_out = run["metrics"].get("tgn", {})
    rows = []
    for label, title in LABELS.items():
        figures = held_out.get(label)
        if figures is None or "examples" not in figures:
            continue
        live = source().get("/accuracy", label=label, model=run["model_version"])
        rows.append(
            [
                title.split(":")[0],
                f"{figures['examples']:,}",
                f"{figures['positives']:,}",
                escape(figures["not_calibrated_because"] or "yes"),
                f"{sum(row['forecasts'] for row in live['calibration']):,}",
                number(live["brier"]),
            ]
        )
    if not rows:
        nothing("this training held no weeks out to calibrate on.")
        return
    columns = (
        ("Forecast", ""),
        ("Held out", "number"),
        ("Came true", "number wide"),
        ("Calibrated", ""),
        ("Scored since", "number wide"),
        ("Brier since", "number"),
    )
    table("Forecasts on weeks held out that its confidence was calibrated on, and how it did since", columns, rows)
    st.caption("Brier score: 0 is perfect. The reliability diagram of what was said since is under Accuracy.")


def _metrics(metrics: dict[str, Any]) -> None:
    st.header("NDCG@10 on held-out weeks, beside the baselines", anchor=False)
    rankings = {name: values for name, values in metrics.items() if isinstance(values, dict) and "bursts" in values}
    rows = [
        {"ranking": name, "label": label, "ndcg": values[label]["ndcg_at_10"]}
        for name, values in rankings.items()
        for label in LABELS
        if values.get(label, {}).get("ndcg_at_10") is not None
    ]
    if not rows:
        nothing("this training measured nothing: the history was too short to hold weeks out.")
        return
    frame = pd.DataFrame(rows)
    for label in LABELS:
        part = frame[frame["label"] == label]
        if part.empty:
            continue
        st.markdown(f"**{LABELS[label].split(':')[0]}**")
        bars = (
            alt.Chart(part)
            .mark_bar()
            .encode(
                x=alt.X("ndcg:Q", title="NDCG@10", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)),
                y=alt.Y("ranking:N", sort="-x", title=None, axis=alt.Axis(labelLimit=200, labelOverlap=False)),
                color=alt.condition("datum.ranking == 'tgn'", alt.value("#ff7f0e"), alt.value("#7f9fbf")),
                tooltip=["ranking:N", alt.Tooltip("ndcg:Q", format=".3f")],
            )
            .properties(height=22 * len(part) + 70)
        )
        st.altair_chart(bars, alt=f"NDCG@10 of every ranking for {label}; the model is orange")


def _losses(losses: dict[str, Any]) -> None:
    curves = {name: values for name, values in losses.items() if isinstance(values, list) and values}
    if not curves:
        return
    st.header("Losses by epoch", anchor=False)
    for name, values in curves.items():
        frame = pd.DataFrame({"epoch": range(1, len(values) + 1), "loss": values})
        line = (
            alt.Chart(frame, title=f"{name}: {values[-1]:.3f} at last")
            .mark_line(point=True)
            .encode(
                x=alt.X("epoch:O", axis=alt.Axis(labelAngle=0)),
                y=alt.Y("loss:Q", scale=alt.Scale(zero=False)),
            )
            .properties(height=160)
        )
        st.altair_chart(line, alt=f"Losses by epoch of {name}")
