"""Writes the API's OpenAPI document to a file, for client generators: `python -m api.openapi`."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import create_app
from trend_assets.settings import Settings

FILE = Path(__file__).with_name("openapi.json")


def document() -> str:
    """The OpenAPI document as it is kept in `openapi.json`; no setting changes it."""
    return json.dumps(create_app(Settings()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
