"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

#: Nothing is asked of a network; a container's root may not have a sandbox.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Each of them by its address over the dashboard's.
PAGES = {
    "live": "",
    "happened": "?page=happened",
    "compare": "?page=compare",
    "topic": "?page=topic",
    "accuracy": "?page=accuracy",
    "collection": "?page=collection",
    "training": "?page=training",
    "health": "?page=health",
}
# How long an answer takes says how busy the machine is.
expect.set_options(timeout=30_000)
EXECUTABLE = shutil.which("chromium") or ""


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that is closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=list(_FLAGS))
        yield browser
        browser.close()


def open_page(page: Page, address: str) -> None:
    """Goes to an address of the dashboard, and waits until it is shown."""
    page.goto(address)
    settle(page)


def settle(page: Page) -> None:
    """Waits until the page shows what its address names."""
    page.locator("#main[aria-busy=false]").wait_for(timeout=60_000)


def barriers(page: Page) -> list[str]:
    """What keeps people with disabilities from using the page, as axe-core finds it: the rule and the first place."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
