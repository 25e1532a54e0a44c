"""Tweets as events: API v1.1 tweet objects, and API v2 tweets by the page or flattened."""

from __future__ import annotations

from trend_assets.sources.twitter_pages import split_v2_page
from trend_assets.sources.twitter_v1 import parse_v1
from trend_assets.sources.twitter_v2 import parse_v2

__all__ = ["parse_v1", "parse_v2", "split_v2_page"]
