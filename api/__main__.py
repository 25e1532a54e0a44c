"""`python -m api`: serves the API on the host and port of the settings."""

from __future__ import annotations

import argparse

from api.app import create_app
from api.serving.server import serve
from trend_assets.errors import TrendError
from trend_assets.settings import load_settings
from trend_assets.settings.exposure import refuse_open_api

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m api", description="Serves the API and the dashboard.")
    parser.add_argument("--host", help="default: api.host of the settings")
    parser.add_argument("--port", type=int, help="default: api.port of the settings")
    asked = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    try:
        settings = load_settings()
        settings = settings.model_copy(update={"api": settings.api.model_copy(update=asked)})
        refuse_open_api(settings.api)
    except TrendError as error:
        raise SystemExit(f"trend: {error}") from None
    serve(create_app(settings), settings.api)
