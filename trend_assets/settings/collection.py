"""Settings of sources, schedules, archives and the simulator."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from trend_assets.settings.section import Section


def _day(given: object) -> object:
    """Pydantic itself takes `20240115` for seconds since 1970."""
    if not isinstance(given, str):
        return given
    try:
        return date.fromisoformat(given.strip())
    except ValueError:
        raise ValueError(f"{given!r} is no day: write it like 2024-01-15") from None


def _without_sign(given: str) -> str:
    return given.strip().removeprefix("#")


def _address(given: str) -> str:
    """An instance as people name it: the scheme is `https` where none is written."""
    text = given.strip().rstrip("/")
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"http", "https"} and parts.hostname not in {None, "http", "https"} and parts.port != 0
    except ValueError:
        good = False
    if not good or any(sign.isspace() for sign in address):
        raise ValueError(f"{given!r} is no address of a server: write it like mastodon.social")
    return address


Day = Annotated[date, BeforeValidator(_day)]
Tag = Annotated[str, AfterValidator(_without_sign), Field(min_length=1)]
Instance = Annotated[str, AfterValidator(_address)]


class ScheduleSettings(Section):
    """When the pipeline runs."""

    enabled: bool = Field(False, description="Start the schedules with the daemon; else switch them on in the UI.")
    minute: int = Field(10, ge=0, le=59, description="Minute of each hour at which the last hour is collected.")
    recollect_hours: int = Field(
        2, ge=0, le=48, description="Hours before the last one that are collected again, for late posts."
    )
    forecast_within: float = Field(
        1.0, gt=0, le=24, description="Hours after its cut until which a forecast is live: shown, alerted, scored."
    )
    late_pass: bool = Field(True, description="Collect each hour once more a day later: counts that changed.")
    late_hours: int = Field(24, ge=3, le=168, description="Hours after which the late pass comes.")
    catch_up_hours: int = Field(
        48, ge=0, le=168, description="How far back missed hours are fetched after a downtime; older ones are given up."
    )
    training_weekday: int = Field(0, ge=0, le=6, description="Day of the weekly training, 0 is Monday.")
    training_hour: int = Field(1, ge=0, le=23, description="UTC hour of the weekly training.")
    history_start: Day = Field(
        date(2014, 1, 1), description="The first day that has partitions (UTC), where no event is older."
    )


class ArchiveSettings(Section):
    """How files of posts are read."""

    columns: dict[str, str] = Field(
        default_factory=dict, description="Event field to column name, for CSV, Parquet and JSON lines."
    )


class QuerySettings(Section):
    """One search on X."""

    text: str = Field(description="In X's search language.")
    priority: int = Field(1, ge=1, description="1 gets twice the posts of 2.")


class TwitterSettings(Section):
    """X, API v2: collected where enabled. The key belongs into the environment."""

    enabled: bool = Field(False, description="Collect from X.")
    bearer_token: SecretStr | None = Field(None, description="Bearer token of an app with access to the search.")
    queries: list[QuerySettings] = Field(
        default_factory=list, description="What to search for, e.g. [{text: '#ai lang:en', priority: 1}]."
    )
    full_archive: bool = Field(False, description="Search all posts, not the last 7 days; your access must allow it.")
    monthly_posts: int | None = Field(10_000, ge=10, description="Posts that may be received in a calendar month.")
    base_url: str = Field("https://api.twitter.com", description="Where the API is (`trend simulate --port`).")


class YouTubeSettings(Section):
    """YouTube, Data API v3: collected where enabled. The key belongs into the environment."""

    enabled: bool = Field(False, description="Collect from YouTube.")
    api_key: SecretStr | None = Field(None, description="Key of a Google Cloud project with the YouTube Data API.")
    regions: list[str] = Field(default_factory=lambda: ["US"], description="Countries whose charts are read.")
    queries: list[str] = Field(default_factory=list, description="Searched for among new videos; 100 units a page.")
    search_pages: int = Field(2, ge=1, le=10, description="Pages of 50 videos that a query may take in an hour.")
    daily_units: int | None = Field(10_000, ge=1, description="Quota units that may be spent in a Pacific day.")
    base_url: str = Field("https://youtube.googleapis.com", description="Where the API is.")


class GoogleTrendsSettings(Section):
    """Google Trends: collected where enabled; it takes no key and promises nothing."""

    enabled: bool = Field(False, description="Collect from Google Trends.")
    regions: list[str] = Field(default_factory=lambda: ["US"], description="Countries whose feeds of trends are read.")
    terms: list[str] = Field(default_factory=list, description="Terms that are followed; the first is the anchor.")
    related: bool = Field(False, description="Ask which searches rise with each term, too.")
    base_url: str = Field("https://trends.google.com", description="Where it is.")


class BlueskySettings(Section):
    """Bluesky's public search: collected where enabled; it takes no key."""

    enabled: bool = Field(False, description="Collect from Bluesky.")
    tags: list[Tag] = Field(
        default_factory=lambda: ["news", "music", "gaming", "tech", "politics", "sports", "film", "art"],
        description="Hashtags whose posts are collected, without the sign.",
    )
    queries: list[str] = Field(default_factory=list, description="Searched for, in the search's own language.")
    requests: int | None = Field(500, ge=1, description="Requests of one run at most; the next one goes on.")
    base_url: str = Field("https://api.bsky.app", description="Where the search is.")


class MastodonSettings(Section):
    """Mastodon's public timelines and trending tags: collected where enabled; they take no key."""

    enabled: bool = Field(False, description="Collect from Mastodon.")
    instances: list[Instance] = Field(
        default_factory=lambda: ["https://mastodon.social"], description="Servers that are asked, e.g. fosstodon.org."
    )
    public: bool = Field(True, description="All public posts that the servers know; some show them to users only.")
    tags: list[Tag] = Field(default_factory=list, description="Hashtags whose timelines are read, without the sign.")
    trends: bool = Field(True, description="The tags that trend, each hour.")
    requests: int | None = Field(300, ge=1, description="Requests of one run at most; the next one goes on.")


class SimulatorSettings(Section):
    """The simulated world: for the demo and for trying things; it says so wherever it is shown."""

    enabled: bool = Field(False, description="Collect from the simulated world.")
    seed: int = Field(7, ge=0, description="The world's seed.")
    start: Day = Field(date(2026, 1, 5), description="The day on which the world begins (UTC).")
    users: int = Field(600, ge=10, description="People in the world.")
