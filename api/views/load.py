"""The load section of the dashboard: what is postponed or sampled under load."""

from __future__ import annotations

from typing import Any

import streamlit as st

from api.views.words import moment, nothing

_GIVES_WAY = (
    "Nothing gives way.",
    "Texts are embedded in larger batches.",
    "Embeddings are postponed until less waits; forecasts go on without them.",
    "Embeddings are postponed, and of these hours' texts only a sample will be embedded.",
)


def load(found: dict[str, Any] | None) -> None:
    """The newest look at how much waits, as `/health` tells it."""
    if found is None:
        nothing("not looked at yet: each hour that the schedule collects is (`trend up`, `schedule.enabled`).")
        return
    if found["step"]:
        st.warning(_GIVES_WAY[found["step"]], icon=":material/hourglass_top:")
    else:
        st.success(_GIVES_WAY[0], icon=":material/check_circle:")
    hours = found["postponed_hours"]
    later = f"; the embeddings of {hours:,} hour{'' if hours == 1 else 's'} are still to come" if hours else ""
    st.caption(f"{found['waiting']:,} events waited, looked at {moment(found['checked_at'])}{later}.")
