"""The dashboard: `streamlit run api/dashboard.py`. It reads from the API only, over HTTP."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import available_timezones

import streamlit as st

from api.views.source import ApiProblem, source
from api.views.words import STYLE

_EVERY = timedelta(seconds=15)
#: Drawn here: Streamlit fetches the picture of a named icon from the network.
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path d="M1 15V10h4v5zM6 15V6h4v9zM11 15V1h4v14z" fill="#1f77b4"/></svg>'
)


def _page(name: str) -> Callable[[], None]:
    """The page as a fragment that refreshes itself; an error is shown in its place."""

    @st.fragment(run_every=_EVERY)
    def looked_at_again() -> None:
        try:
            # Charts take a second to import, which the first view does not need.
            importlib.import_module(f"api.views.{name}").show()
        except ApiProblem as problem:
            st.error(str(problem), icon=":material/error:")

    return looked_at_again


def _banner() -> None:
    try:
        simulated = source().get("/predictions/top", k=1)["simulated"]
    except ApiProblem:
        return
    if simulated:
        st.warning(
            "**This world is simulated.** These posts were made up; nobody wrote them.", icon=":material/science:"
        )


def main() -> None:
    """The navigation, the time zone, and the page."""
    st.set_page_config(page_title="trend_assets", page_icon=_ICON, layout="wide")
    st.html(STYLE)
    pages = [
        st.Page(_page("live"), title="Live Trends", url_path="live", default=True, icon=":material/trending_up:"),
        st.Page(_page("topic"), title="Topic", url_path="topic", icon=":material/search:"),
        st.Page(_page("collection"), title="Collection", url_path="collection", icon=":material/inbox:"),
        st.Page(_page("training"), title="Training", url_path="training", icon=":material/school:"),
        st.Page(_page("accuracy"), title="Accuracy", url_path="accuracy", icon=":material/target:"),
        st.Page(_page("health"), title="Health", url_path="health", icon=":material/monitor_heart:"),
    ]
    page = st.navigation(pages)
    zones = ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]
    st.sidebar.selectbox("Time zone", zones, key="tz", bind="query-params")
    st.sidebar.caption("Looks for news by itself. The address of a page holds every choice: copy it to share a view.")
    _banner()
    page.run()


main()
