"""Takes the pictures of the documents from the real pages: `python -m trend_assets_tests.pictures --home data/demo`."""

from __future__ import annotations

import argparse
import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import uvicorn
from playwright.sync_api import Browser

from api.app import create_app
from trend_assets.settings import Settings
from trend_assets_tests.browser import PAGES, barriers, browsing, open_page

_DOCUMENTS = Path(__file__).resolve().parents[1] / "docs" / "pictures"
_SHOWN = ("live", "happened")
_WIDE, _PHONE, _HIGH = 1280, 390, 900
#: Charts are drawn after the page is shown.
_DRAWN_MILLISECONDS = 1500


@contextmanager
def _served(home: Path) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(home=home)), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.config.app.state.feed.close()
    server.should_exit = True
    thread.join()


def _take(
    browser: Browser, address: str, file: Path, width: int = _WIDE, scheme: str = "light", whole: bool = False
) -> list[str]:
    """One picture, of the first screen or of the whole page; gives the barriers that axe-core finds on it."""
    context = browser.new_context(
        viewport={"width": width, "height": _HIGH},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    open_page(page, address)
    page.wait_for_timeout(_DRAWN_MILLISECONDS)
    page.screenshot(path=file, full_page=whole)
    found = [f"{file.stem}: {barrier}" for barrier in barriers(page)]
    context.close()
    return found


def main() -> int:
    """The pictures of the documents, or with `--all FOLDER` every page wide and on a phone, light and dark.

    Returns:
        1 where axe-core finds a barrier on a page.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="whose lake is shown")
    parser.add_argument("--all", type=Path, help="folder for pictures of every page")
    asked = parser.parse_args()
    with _served(asked.home.resolve()) as base, browsing() as browser:
        topics = [item["topic"] for item in httpx.get(f"{base}predictions/top?k=3", timeout=60).json()["items"]]
        chosen = [f"&topic={quote(topic, safe='')}" for topic in topics]
        pages = PAGES | {"compare": PAGES["compare"] + "".join(chosen), "topic": PAGES["topic"] + chosen[0]}
        if asked.all is None:
            found = [_take(browser, base + pages[name], _DOCUMENTS / f"{name}.png") for name in _SHOWN]
        else:
            asked.all.mkdir(parents=True, exist_ok=True)
            found = [
                _take(browser, base + path, asked.all / f"{name}-{width}-{scheme}.png", width, scheme, whole=True)
                for name, path in (pages | {"search": PAGES["topic"] + "&topic=football"}).items()
                for width in (_WIDE, _PHONE)
                for scheme in ("light", "dark")
            ]
    for barrier in itertools.chain(*found):
        print(barrier, file=sys.stderr)
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
