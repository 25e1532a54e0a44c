"""Health page: readiness, lags, alerts, schedules and runs."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

import streamlit as st

from api.views.alert_history import show_alerts
from api.views.drift import drift
from api.views.latencies import latencies
from api.views.load import load
from api.views.source import source
from api.views.words import moment, nothing, table


def show() -> None:
    """The page."""
    st.title("Health")
    health = source().get("/health")
    if health["status"] == "ok":
        st.success("The platform is fit to serve.", icon=":material/check_circle:")
    for reason in health["reasons"]:
        st.warning(reason, icon=":material/warning:")
    rows = [
        ["Newest event", moment(health["last_event"]), _ago(health["last_event"])],
        ["Newest forecast", moment(health["last_prediction"]), _ago(health["last_prediction"])],
        ["Newest model is for the week of", moment(health["last_training"], "%Y-%m-%d"), _ago(health["last_training"])],
    ]
    table("How new everything is", (("What", ""), ("When", ""), ("Ago", "number")), rows)
    snapshot = "—" if health["lake_snapshot"] is None else health["lake_snapshot"]
    st.caption(f"trend_assets {health['version']}, lake snapshot {snapshot}")
    st.header("Newest collection of each source", anchor=False)
    if health["last_collection"]:
        rows = [
            [
                escape(row["source"]),
                moment(row["hour"]),
                _ago(row["hour"]),
                escape(row["status"]),
                f"{row['events']:,}",
            ]
            for row in health["last_collection"]
        ]
        table(
            "Sources",
            (("Source", ""), ("Hour", ""), ("Ago", "number"), ("Status", ""), ("Events", "number wide")),
            rows,
        )
    else:
        nothing("nothing was collected yet: run `trend import FILE`, `trend demo`, or enable a source in the settings.")
    st.header("The model in use", anchor=False)
    drift(health["drift"])
    st.header("Load", anchor=False)
    load(health["load"])
    st.header("The API's answers", anchor=False)
    latencies()
    st.header("Alerts", anchor=False)
    show_alerts()
    st.header("Dagster", anchor=False)
    _dagster(source().get("/scheduler/status"))


def _ago(text: str | None) -> str:
    if text is None:
        return "—"
    hours = (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds() / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"


def _dagster(status: dict[str, Any]) -> None:
    if status["status"] != "ok":
        nothing(status["reason"])
        return
    st.markdown(f"[Open the Dagster UI]({status['dagster_link']})")
    ill = [daemon["name"].lower().replace("_", " ") for daemon in status["daemons"] if not daemon["healthy"]]
    if ill:
        st.warning(
            f"These parts of the daemon do not run: {', '.join(ill)}. Start it with `trend up`.",
            icon=":material/warning:",
        )
    clocks = [
        [
            escape(clock["name"]),
            clock["kind"],
            clock["status"].lower(),
            f"{moment(clock['last_tick'])} {(clock['last_tick_status'] or '').lower()}".strip(),
            moment(clock["next_tick"]),
        ]
        for clock in status["clocks"]
    ]
    columns = (("Name", "topic"), ("Kind", "wide"), ("State", ""), ("Last tick", ""), ("Next tick", "wide"))
    table("Schedules and sensors", columns, clocks)
    for title, runs in (("Running now", status["running"]), ("Failed lately", status["failed"])):
        st.markdown(f"**{title}**: {'' if runs else 'none'}")
        if runs:
            table(title, (("Run", ""), ("Partition", ""), ("Status", ""), ("Started", "wide")), [_run(r) for r in runs])


def _run(run: dict[str, Any]) -> list[str]:
    link = f'<a href="{escape(run["dagster_link"])}" target="_blank" rel="noopener">{escape(run["job"])}</a>'
    return [link, escape(run["partition"] or "—"), run["status"].lower(), moment(run["started_at"])]
