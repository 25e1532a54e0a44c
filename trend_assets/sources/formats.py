"""The names of the payload formats, as `raw_events.format` keeps them."""

from __future__ import annotations

from typing import Any

from trend_assets.sources.event import Rejected

TWITTER_V1 = "twitter_v1"
X_V2 = "x_v2"
YOUTUBE_V3 = "youtube_v3"
GOOGLE_TRENDS = "google_trends"
BLUESKY = "bluesky"
MASTODON = "mastodon"
ACTIVITYPUB = "activitypub"
BLUESKY_FEED = "bluesky_feed"
BLUESKY_RECORD = "bluesky_record"
JETSTREAM = "jetstream"
YOUTUBE_TAKEOUT = "youtube_takeout"
REDDIT = "reddit"
HACKER_NEWS = "hacker_news"
TELEGRAM = "telegram"
TELEGRAM_API = "telegram_api"
DISCORD = "discord"
TIKTOK = "tiktok"
ZEESCHUIMER = "zeeschuimer"
FOURCAT = "fourcat"
#: Followed by the column map in its textual form, so that a row can be read from the lake alone.
COLUMNS_PREFIX = "columns:"

#: A payload that was recognised, behind its format; or what is none, behind the reason.
Found = tuple[str | Rejected, Any]
