"""Makes the collectors of the sources that the settings enable, with their keys and budgets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, time
from functools import cache

from pydantic import SecretStr

from trend_assets.names import SIMULATED_SOURCES
from trend_assets.operations.collecting import Ledger
from trend_assets.periods import month, pacific_day
from trend_assets.settings import Settings, SimulatorSettings, enabled_sources
from trend_assets.simulator.collector import SimulatedCollector
from trend_assets.simulator.world import World
from trend_assets.sources.budget import allowance
from trend_assets.sources.collector import Collector

#: The least posts that X returns in a page.
_LEAST_POSTS = 10
#: The share of an hour's budget for a late pass, which updates counts: new posts are worth more.
_LATE_PART = 0.25


def enabled_collectors(settings: Settings, ledger: Ledger | None = None, source: str | None = None) -> list[Collector]:
    """The sources to ask, in a fixed order; none where nothing is enabled.

    Args:
        settings: which sources, and how.
        ledger: what they have spent so far; nothing where it is left out.
        source: only this one.

    Raises:
        SettingsError: the simulated world and a real source at once.
    """
    names = [name for name in enabled_sources(settings) if source in (None, name)]
    if settings.simulator.enabled:
        return [item for item in simulated_collectors(settings.simulator) if item.source in names]
    return [_SOURCES[name](settings, ledger or Ledger(datetime.now(UTC))) for name in names]


def _twitter(settings: Settings, ledger: Ledger) -> Collector:
    # Imported here, as below: client libraries are slow to import, and most processes need none.
    from trend_assets.sources.twitter.collector import Query, TwitterAccess, TwitterCollector

    section = settings.twitter
    return TwitterCollector(
        TwitterAccess(
            bearer_token=_secret(section.bearer_token),
            queries=tuple(Query(query.text, query.priority) for query in section.queries),
            full_archive=section.full_archive,
            posts=_posts(settings, ledger),
            monthly_posts=section.monthly_posts,
            base_url=section.base_url,
        )
    )


def _youtube(settings: Settings, ledger: Ledger) -> Collector:
    from trend_assets.sources.youtube.collector import YouTubeAccess, YouTubeCollector

    section = settings.youtube
    return YouTubeCollector(
        YouTubeAccess(
            api_key=_secret(section.api_key),
            # Charts exist for the present only.
            regions=() if ledger.late else tuple(section.regions),
            queries=tuple(section.queries),
            videos=ledger.videos,
            search_pages=section.search_pages,
            units=_units(settings, ledger),
            base_url=section.base_url,
        )
    )


def _google_trends(settings: Settings, ledger: Ledger) -> Collector:
    from trend_assets.sources.google_trends.collector import GoogleTrendsAccess, GoogleTrendsCollector

    section = settings.google_trends
    return GoogleTrendsCollector(
        GoogleTrendsAccess(tuple(section.regions), tuple(section.terms), section.related, section.base_url)
    )


def _bluesky(settings: Settings, _: Ledger) -> Collector:
    from trend_assets.sources.bluesky.collector import BlueskyAccess, BlueskyCollector

    section = settings.bluesky
    return BlueskyCollector(
        BlueskyAccess(tuple(section.queries), tuple(section.tags), section.requests, section.base_url)
    )


def _mastodon(settings: Settings, _: Ledger) -> Collector:
    from trend_assets.sources.mastodon.collector import MastodonAccess, MastodonCollector

    section = settings.mastodon
    return MastodonCollector(
        MastodonAccess(tuple(section.instances), tuple(section.tags), section.public, section.trends, section.requests)
    )


#: Adding a source is one line here, one section in the settings and one file in `sources`.
_SOURCES: Mapping[str, Callable[[Settings, Ledger], Collector]] = {
    "twitter": _twitter,
    "youtube": _youtube,
    "google_trends": _google_trends,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
}


def budgets(settings: Settings, ledger: Ledger, sources: Collection[str]) -> dict[str, int]:
    """What each of the sources that has a budget may spend in one collection, in the budget's unit."""
    found = {"twitter": _posts(settings, ledger), "youtube": _units(settings, ledger)}
    return {name: most for name, most in found.items() if most is not None and name in sources}


def _posts(settings: Settings, ledger: Ledger) -> int | None:
    limit = settings.twitter.monthly_posts
    if limit is None:
        return None
    return _part(allowance(limit, ledger.posts, ledger.now, month(ledger.now), _LEAST_POSTS), ledger)


def _units(settings: Settings, ledger: Ledger) -> int | None:
    limit = settings.youtube.daily_units
    if limit is None:
        return None
    # The cost of a search and of the videos that it found.
    least = 102 if settings.youtube.queries else 1
    return _part(allowance(limit, ledger.units, ledger.now, pacific_day(ledger.now), least), ledger)


def _part(most: int, ledger: Ledger) -> int:
    return int(most * _LATE_PART) if ledger.late else most


def _secret(value: SecretStr | None) -> str | None:
    return (value.get_secret_value().strip() or None) if value is not None else None


def simulated_collectors(simulator: SimulatorSettings) -> list[SimulatedCollector]:
    """The platforms of one simulated world."""
    world = _world(simulator)
    return [SimulatedCollector(source, world) for source in SIMULATED_SOURCES]


@cache
def _world(simulator: SimulatorSettings) -> World:
    start = datetime.combine(simulator.start, time(), UTC)
    return World(seed=simulator.seed, start=start, users=simulator.users)
