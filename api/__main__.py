"""`python -m api`: serves the API on the host and port of the settings."""

from __future__ import annotations

from api.app import create_app
from api.serving.server import serve
from trend_assets.errors import TrendError
from trend_assets.settings import load_settings
from trend_assets.settings.exposure import refuse_open_api

if __name__ == "__main__":
    try:
        settings = load_settings()
        refuse_open_api(settings.api)
    except TrendError as error:
        raise SystemExit(f"trend: {error}") from None
    serve(create_app(settings), settings.api)
