"""`python -m api`: the API on the host and port of the settings."""

from __future__ import annotations

from api.serving.server import serve
from trend_assets.settings import load_settings

if __name__ == "__main__":
    serve(load_settings().api)
