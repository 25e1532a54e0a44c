"""`python -m api`: serves the API on the host and port of the settings."""

from __future__ import annotations

from api.app import create_app
from api.serving.server import serve
from trend_assets.settings import load_settings

if __name__ == "__main__":
    settings = load_settings()
    serve(create_app(settings), settings.api)
