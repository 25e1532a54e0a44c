"""The drift section of the dashboard: whether the model in use still performs as when it was measured."""

from __future__ import annotations

from typing import Any

import streamlit as st

from api.views.words import moment, nothing, number, plain, table


def drift(found: dict[str, Any] | None) -> None:
    """The newest look at it, as `/health` tells it."""
    if found is None:
        nothing(
            "not looked at yet: once a model is in use, the sensor `performance_drift` looks every hour (`trend up`)."
        )
        return
    if found["reasons"]:
        st.warning(f"It has drifted: {plain(found['reasons'])}.", icon=":material/trending_down:")
    else:
        _nothing_found(found)
    rows = [
        ["NDCG@10 of live forecasts", number(found["live_ndcg_at_10"])],
        ["NDCG@10 on the weeks held out in training", number(found["held_out_ndcg_at_10"])],
        ["Shift of the mentions a day (PSI; 0.25 is a shift)", number(found["input_psi"])],
    ]
    table("Drift of the model in use", (("What", ""), ("Figure", "number")), rows)
    st.caption(
        f"{plain(found['model_version'])}, looked at {moment(found['checked_at'])}; {found['live_cuts']} live cuts "
        "(fewer than 20 are not judged)."
    )


def _nothing_found(found: dict[str, Any]) -> None:
    """What is as it was, of what could be judged."""
    figures = {"accuracy": found["live_ndcg_at_10"], "mentions a day": found["input_psi"]}
    judged = [name for name, figure in figures.items() if figure is not None]
    if judged:
        st.success(f"No drift of its {' and '.join(judged)}.", icon=":material/check_circle:")
    else:
        nothing("not to be told: of the last weeks there are too few forecasts that have come due, and too few posts.")
