"""The alerts table of the Health page."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from api.views.source import ApiProblem, source
from api.views.words import moment, nothing, table

_SHOWN = 20
_STATES = {
    "waiting": "waiting",
    "held": "held back by quiet hours",
    "retrying": "✗ not delivered yet",
    "delivered": "✓ delivered",
    "given_up": "✗ given up",
}
_COLUMNS = (("When", ""), ("Alert", "topic"), ("What happened", ""), ("Delivery", ""))


def show_alerts() -> None:
    """The newest alerts; what could not be delivered comes with its reason."""
    try:
        page = source().get("/alerts", limit=_SHOWN)
    except ApiProblem as problem:
        nothing(str(problem))
        return
    if not page["items"]:
        nothing(page["reason"])
        return
    if page["open"]:
        count = "1 alert is" if page["open"] == 1 else f"{page['open']} alerts are"
        st.warning(
            f"{count} not delivered yet: `trend alerts test` says whether the channels work.",
            icon=":material/warning:",
        )
    table("Alerts, the newest first", _COLUMNS, [_row(alert) for alert in page["items"]])


def _row(alert: dict[str, Any]) -> list[str]:
    name = escape(f"{alert['rule'].replace('_', ' ')}: {alert['subject']}")
    severity = f'<div class="why">{escape(alert["severity"])}</div>'
    return [moment(alert["raised_at"]), name + severity, escape(alert["message"]), _delivery(alert)]


def _delivery(alert: dict[str, Any]) -> str:
    told = _STATES[alert["state"]]
    if alert["state"] == "delivered":
        told += f" to {escape(', '.join(alert['delivered_at']))}"
    elif alert["last_error"]:
        told += f' <div class="why">{escape(alert["last_error"])}</div>'
    return told
