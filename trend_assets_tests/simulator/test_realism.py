"""What makes the world worth forecasting: rhythm, ties, births, bursts, spam, lead and lag."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import mean, median

import pytest

from trend_assets.simulator.timeline import Post, Search
from trend_assets.simulator.topics import Topic
from trend_assets.simulator.world import World

DAYS = 42
DAY_MS = 24 * 3_600_000


@pytest.fixture(scope="module")
def posts(world: World, start: datetime) -> list[Post]:
    return list(world.events("twitter", start, start + timedelta(days=DAYS)))


@pytest.fixture(scope="module")
def mentions(world: World, start: datetime, posts: list[Post]) -> dict[str, list[float]]:
    """Times of each topic's mentions on all platforms, in days since the start."""
    times: dict[str, list[float]] = defaultdict(list)
    end = start + timedelta(days=DAYS)
    happened = [*posts, *world.events("youtube", start, end)]
    for event in happened:
        for topic in event.topics:
            times[topic.label].append(event.milliseconds / DAY_MS - start.timestamp() / 86_400)
    for search in world.events("google_trends", start, end):
        assert isinstance(search, Search)
        times[search.term].append(search.milliseconds / DAY_MS - start.timestamp() / 86_400)
    return times


@pytest.mark.parametrize("wanted", [300.0, 2000.0])
def test_volume_is_what_was_asked_for(start: datetime, wanted: float) -> None:
    world = World(9, start, users=300, events_per_day=wanted)
    end = start + timedelta(days=14)
    count = sum(len(list(world.events(s, start, end))) for s in ("twitter", "youtube", "google_trends"))
    assert count / 14 == pytest.approx(wanted, rel=0.12)


def test_people_sleep_and_rest(posts: list[Post]) -> None:
    people = [post for post in posts if not post.author.spammer]
    local = Counter((post.milliseconds // 3_600_000 + post.author.utc_offset) % 24 for post in people)
    assert sum(local[hour] for hour in (2, 3, 4)) * 4 < sum(local[hour] for hour in (19, 20, 21))
    markets = Counter(
        (post.milliseconds // 3_600_000 + post.author.utc_offset) // 24 % 7 in (2, 3)
        for post in people
        if post.author.community.name == "markets"
    )
    assert markets[True] / 2 < 0.4 * markets[False] / 5


def test_activity_and_followers_are_heavy_tailed(world: World, posts: list[Post]) -> None:
    users = world.users
    by_user = Counter(post.author for post in posts if not post.author.spammer)
    most_active = sum(count for _, count in by_user.most_common(len(users) // 10))
    assert most_active > 0.3 * by_user.total()
    followers = sorted((len(user.followers) for user in users), reverse=True)
    assert followers[0] > 6 * median(followers)


def test_ties_stay_within_communities(world: World) -> None:
    ties = [(user, follower) for user in world.users for follower in user.followers]
    shares = Counter(user.community for user in world.users)
    by_chance = sum((count / len(world.users)) ** 2 for count in shares.values())
    assert mean(user.community is follower.community for user, follower in ties) > 2 * by_chance
    assert all(user is not follower for user, follower in ties) and len(set(ties)) == len(ties)


def test_exposed_users_adopt_more_and_more_so_by_several(world: World, posts: list[Post]) -> None:
    """Chance to take up a topic within the 24 h after its third post, by neighbours who had posted on it.

    Compared within the topic's own community, so that interest alone cannot explain the difference.
    """
    taken: dict[int, list[bool]] = defaultdict(list)
    for topic, spread in _cascades(posts).items():
        early = spread[:3]
        before = {post.author for post in early}
        until = early[-1].milliseconds + DAY_MS
        after = {post.author for post in spread[3:] if post.milliseconds < until}
        for user in world.users:
            if user not in before and user.community is topic.community:
                neighbours = len(before.intersection(user.following))
                taken[min(neighbours, 2)].append(user in after)
    unexposed, once, several = (mean(taken[exposure]) for exposure in (0, 1, 2))
    assert min(len(taken[exposure]) for exposure in (0, 1, 2)) > 500
    assert once > 1.6 * unexposed, (unexposed, once, several)
    assert several > 1.1 * once, (unexposed, once, several)


def test_scouts_find_what_spreads(posts: list[Post]) -> None:
    sizes: dict[bool, list[int]] = {True: [], False: []}
    for topic, spread in _cascades(posts, at_least=1).items():
        if topic.news is None:
            sizes[spread[0].author.scout].append(len(spread))
    assert min(len(found) for found in sizes.values()) > 50
    assert mean(sizes[True]) > 1.2 * mean(sizes[False])
    scouts = {post.author for post in posts if post.author.scout}
    assert len(sizes[True]) / len(scouts) > 2 * len(sizes[False]) / (600 - len(scouts))


def test_topics_are_born_burst_and_die(mentions: dict[str, list[float]]) -> None:
    cuts = range(14, DAYS - 1)
    counts = {label: Counter(int(time) for time in times) for label, times in mentions.items()}
    bursts, breaks_out, emerges, alive = [], [], [], []
    for cut in cuts:
        living = {label: days for label, days in counts.items() if days[cut - 1]}
        alive.append(len(living))
        bursts.append(sum(_bursts(days, cut) for days in living.values()))
        breaks_out.append(sum(min(days) == cut - 1 and days[cut] >= 8 for days in living.values()))
        emerges.append(sum(days[cut] >= 8 and days[cut] - days[cut - 1] >= 4 for days in living.values()))
    assert 40 < mean(alive) < 120
    assert 4 < mean(bursts) < 15
    assert 2 < mean(breaks_out) < 8
    assert 4 < mean(emerges) < 15
    assert mean(count > 0 for count in breaks_out) > 0.8
    dead = [days for days in counts.values() if sum(days.values()) >= 30 and max(days) < DAYS - 5]
    assert len(dead) > 20
    assert median(sum(days.values()) for days in counts.values()) <= 3


def test_perennial_topics_keep_their_weekday(mentions: dict[str, list[float]]) -> None:
    friday = Counter(int(time) % 7 for time in mentions["#NewMusicFriday"])
    assert friday[4] > 0.45 * friday.total()
    assert len({int(time) for time in mentions["#NowPlaying"]}) == DAYS


def test_spam_is_copied_by_young_accounts_with_few_followers(posts: list[Post]) -> None:
    spam = [post for post in posts if post.author.spammer]
    assert 0.02 < len(spam) / len(posts) < 0.12
    assert all(post.url for post in spam)
    assert max(Counter((post.text.split(" #")[0], post.url) for post in spam).values()) >= 8
    assert all(post.milliseconds / 1000 - post.author.created < 23 * 86_400 for post in spam)
    assert all(post.author.created * 1000 < post.milliseconds for post in spam)
    ordinary = median(post.author.followers_count for post in posts if not post.author.spammer)
    assert max(post.author.followers_count for post in spam) < ordinary
    assert any(len(post.topics) == 2 and not post.topics[1].perennial for post in spam)


def test_platforms_lead_and_lag(world: World, start: datetime, posts: list[Post]) -> None:
    on_x, on_google = {}, {}
    for post in posts:
        for topic in post.topics:
            on_x.setdefault(topic, post.milliseconds)
    for search in world.events("google_trends", start, start + timedelta(days=DAYS)):
        assert isinstance(search, Search)
        on_google.setdefault(search.topic, search.milliseconds)
    both = [topic for topic in on_google if topic in on_x and topic.born > start.timestamp()]
    google_first = [topic for topic in both if on_google[topic] < on_x[topic]]
    assert len(both) > 40
    assert 5 <= len(google_first) < len(both) / 2
    assert all(topic.news is not None for topic in google_first)


def test_young_communities_write_slang_and_several_scripts_are_used(posts: list[Post]) -> None:
    slangy = [post for post in posts if post.text.split(" #")[0].endswith(("no cap", "fr fr", "slay", "sheesh 🔥"))]
    assert len(slangy) > 100
    assert all(post.author.gen_z for post in slangy)
    labels = {topic.label for post in posts for topic in post.topics}
    assert any("\u30a0" <= letter <= "\u30ff" for label in labels for letter in label)
    assert any("\u0600" <= letter <= "\u06ff" for label in labels for letter in label)
    assert any(label.startswith("$") for label in labels)
    assert {"en", "es", "de", "ja", "pt", "ar"} <= {post.language for post in posts}


def _bursts(days: Counter[int], cut: int) -> bool:
    weeks = [days[cut - 7 * week] for week in (1, 2, 3, 4) if cut - 7 * week >= 0]
    return days[cut] >= 8 and days[cut] >= 2 * mean(weeks)


def _cascades(posts: list[Post], at_least: int = 4) -> dict[Topic, list[Post]]:
    """Posts of each topic that spread by itself and was born after the start, in order of time."""
    spread: dict[Topic, list[Post]] = defaultdict(list)
    for post in posts:
        if not post.author.spammer:
            for topic in post.topics:
                spread[topic].append(post)
    begin = posts[0].milliseconds / 1000
    return {
        topic: found
        for topic, found in spread.items()
        if topic.infectiousness and topic.born >= begin and len(found) >= at_least
    }
