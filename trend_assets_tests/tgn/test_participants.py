from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from trend_assets.forecasting.history import HOUR, History
from trend_assets.tgn.participants import PARTICIPANT_NAMES, RECORD_NAMES, ParticipantIndex
from trend_assets.tgn.records import both
from trend_assets_tests.tgn.histories import EPOCH, history_of

DAY = 24 * HOUR
HOURS = 40 * 24

Mention = tuple[int, int, int]


@pytest.fixture(scope="module")
def history() -> History:
    chance = np.random.default_rng(11)
    hours = np.sort(chance.uniform(0, HOURS, 1_200))
    topics, users = chance.exponential(20, 1_200), chance.exponential(12, 1_200)
    unknown = chance.random(1_200) < 0.1
    rows = [
        (float(hour), f"#{int(topic)}", None if nobody else f"u{int(user)}")
        for hour, topic, user, nobody in zip(hours, topics, users, unknown, strict=True)
    ]
    return history_of(rows, HOURS)


class ByHand:
    """The same from a list of mentions (time, topic, user; -1 where unknown), counted one by one."""

    def __init__(self, history: History, moment: int) -> None:
        rows = zip(history.time.tolist(), history.topic.tolist(), history.user.tolist(), strict=True)
        self.all: list[Mention] = [each for each in rows if each[0] < moment]
        self.moment = moment
        self.judged = [each for each in self.all if each[0] < moment - DAY and each[2] >= 0]
        self.columns = np.array(self.all).T
        self.outcomes: dict[str, list[float]] = {}

    def mentions(self, start: int, end: int, topic: int | None = None, user: int | None = None) -> int:
        at, about, who = self.columns
        chosen = (start <= at) & (at < end)
        if topic is not None:
            chosen &= about == topic
        if user is not None:
            chosen &= who == user
        return int(chosen.sum())

    def outcome(self, name: str, mention: Mention) -> float:
        at, topic, user = mention
        after = self.mentions(at + 1, at + DAY, topic)
        if name == "lift":
            return float(np.log1p(after) - np.log1p(self.mentions(at - DAY, at, topic)))
        if name == "soon":
            return float(np.log1p(self.mentions(at + 1, at + 6 * HOUR, topic)))
        if name == "big":
            return float(after >= 8)
        if name == "returns":
            return float(np.log1p(self.mentions(at + 1, at + DAY, topic, user)))
        if name == "followers":
            first: dict[int, int] = {}
            for when, about, who in self.all:
                if about == topic and who >= 0:
                    first.setdefault(who, when)
            return float(np.log1p(sum(at + 1 <= when < at + DAY for when in first.values())))
        return float(np.log1p(after))

    def mean(self, name: str, user: int) -> float:
        if name not in self.outcomes:
            self.outcomes[name] = [self.outcome(name, each) for each in self.judged]
        everybody = self.outcomes[name]
        own = [value for value, each in zip(everybody, self.judged, strict=True) if each[2] == user]
        return (sum(own) + 5 * np.mean(everybody)) / (len(own) + 5)

    def dyads(self, topic: int) -> list[tuple[int, int]]:
        """Who followed upon whom among the last ten, the latest first."""
        users = [who for _, about, who in self.all if about == topic][-10:]
        steps = list(pairwise(users))[::-1]
        return [(min(pair), max(pair)) for pair in steps if min(pair) >= 0 and pair[0] != pair[1]]

    def met(self, dyad: tuple[int, int], before: int) -> int:
        last: dict[int, int] = {}
        found = 0
        for at, about, who in self.all:
            pair = sorted((last.get(about, -1), who))
            last[about] = who
            found += tuple(pair) == dyad and at < min(before, self.moment - DAY)
        return found


def test_each_column_is_what_counting_by_hand_gives(history: History) -> None:
    moment = EPOCH + 800 * HOUR
    hand = ByHand(history, moment)
    topics = history.until(moment).candidates(moment, DAY)
    table = ParticipantIndex(history).table(topics, np.full(len(topics), moment))
    assert table.shape == (len(topics), len(PARTICIPANT_NAMES)) and len(topics) > 8
    for row, topic in zip(table, topics.tolist(), strict=True):
        got = dict(zip(PARTICIPANT_NAMES, row.tolist(), strict=True))
        mine = [each for each in hand.all if each[1] == topic]
        last = mine[-10:][::-1]
        expected = {}
        for name in ("lift", "soon", "big", "returns", "followers"):
            values = [hand.mean(name, user) for _, _, user in last]
            expected |= {
                f"{name}_mean": np.mean(values),
                f"{name}_max": max(values),
                f"{name}_last": values[0],
                f"{name}_first": hand.mean(name, mine[0][2]),
            }
        idle = [(moment - max([at, *(t for t, _, u in hand.all if u == user >= 0)])) / HOUR for at, _, user in last]
        expected |= {"idle_mean": np.mean(np.log1p(idle)), "idle_min": np.log1p(min(idle))}
        expected |= {f"present_{hours}h": sum(each <= hours for each in idle) for hours in (1, 6)}

        def made(user: int, start: int, end: int = moment, about: int | None = None) -> int:
            return hand.mentions(max(start, EPOCH), max(end, EPOCH), about, user) if user >= 0 else 0

        day = [np.log1p(made(user, moment - DAY)) for _, _, user in last]
        heat = [busy - np.log1p(made(user, moment - 7 * DAY) / 7) for busy, (_, _, user) in zip(day, last, strict=True)]
        expected |= {"day_activity_mean": np.mean(day), "heat_mean": np.mean(heat), "heat_max": max(heat)}
        weeks = [moment - week * 7 * DAY for week in (1, 2, 3, 4)]
        rhythm = [np.log1p(sum(made(user, week, week + DAY) for week in weeks) / 4) for _, _, user in last]
        usual = [np.log1p(made(user, moment - 28 * DAY) / 28) for _, _, user in last]
        expected |= {"rhythm_mean": np.mean(rhythm), "rhythm_max": max(rhythm)}
        expected["rhythm_lift_mean"] = np.mean(rhythm) - np.mean(usual)
        moved = [np.log1p(made(user, at + 1)) for at, _, user in [*last, mine[0]]]
        expected |= {"moved_on_mean": np.mean(moved[:-1]), "moved_on_min": min(moved[:-1])}
        expected |= {"moved_on_last": moved[0], "moved_on_first": moved[-1]}
        elsewhere = [np.log1p(made(user, at + 1) - made(user, at + 1, about=topic)) for at, _, user in last]
        expected |= {"elsewhere_mean": np.mean(elsewhere), "elsewhere_min": min(elsewhere)}
        for hours in (24, 168):
            start = moment - hours * HOUR
            share = [(made(user, start, about=topic) + 0.5) / (made(user, start) + 2) for _, _, user in last]
            expected |= {f"attention_{hours}h_mean": np.mean(share), f"attention_{hours}h_max": max(share)}
        own = [np.log1p(made(user, moment - 7 * DAY, about=topic)) for _, _, user in last]
        expected |= {"own_week_mean": np.mean(own), "own_week_max": max(own)}
        first = {user: at for at, _, user in reversed(mine) if user >= 0}
        expected["newcomers"] = np.log1p(len(first))
        for hours in (6, 24):
            expected[f"newcomers_{hours}h"] = np.log1p(sum(at >= moment - hours * HOUR for at in first.values()))
        dyads = hand.dyads(topic)
        expected["dyad_share"] = len(dyads) / len(last)
        for name, before in (("dyad_met", moment), ("dyad_met_before", mine[0][0])):
            times = [np.log1p(hand.met(dyad, before)) for dyad in dyads] or [0.0]
            expected |= {f"{name}_mean": np.mean(times), f"{name}_max": max(times)}
        for name, value in expected.items():
            assert got[name] == pytest.approx(value, rel=1e-4, abs=1e-5), (name, topic)
        untold = set(PARTICIPANT_NAMES) - set(RECORD_NAMES) - set(expected)
        assert untold == {"dyad_record_mean", "dyad_record_max", "dyad_lift_mean"}


def test_dyads_whose_topics_went_far_have_the_better_record() -> None:
    rows: list[tuple[float, str, str | None]] = []
    for round_ in range(6):
        at = 50.0 * round_
        rows += [(at, f"#big{round_}", "ann"), (at + 0.1, f"#big{round_}", "bob")]
        rows += [(at + 0.2 + n / 100, f"#big{round_}", f"crowd{n}") for n in range(30)]
        rows += [(at + 1, f"#small{round_}", "ann"), (at + 1.1, f"#small{round_}", "cid")]
    rows += [(400, "#x", "ann"), (400.1, "#x", "bob"), (400, "#y", "ann"), (400.1, "#y", "cid")]
    rows += [(400, "#z", "ann"), (400.1, "#z", None)]
    history = history_of(sorted(rows), 401)
    names = list(history.topics)
    topics = np.array([names.index(name) for name in ("#x", "#y", "#z")])
    table = ParticipantIndex(history).table(topics, np.full(3, EPOCH + 401 * HOUR))
    far, near, none = (dict(zip(PARTICIPANT_NAMES, row.tolist(), strict=True)) for row in table)
    assert far["dyad_record_mean"] > near["dyad_record_mean"] + 1 and far["dyad_lift_mean"] > near["dyad_lift_mean"]
    assert far["dyad_met_mean"] == near["dyad_met_mean"] == pytest.approx(np.log1p(6))
    assert [none[name] for name in PARTICIPANT_NAMES if name.startswith("dyad")] == [0.0] * 8


def test_who_mentions_a_topic_twice_in_a_second_joins_it_once() -> None:
    history = history_of([(1, "#a", "x"), (1, "#a", "x"), (2, "#a", "y"), (2, "#a", None)], 3)
    (row,) = ParticipantIndex(history).table(np.array([0]), np.array([EPOCH + 3 * HOUR]))
    assert row[PARTICIPANT_NAMES.index("newcomers")] == pytest.approx(np.log1p(2))


def test_pairs_of_numbers_hardly_ever_share_one() -> None:
    chance = np.random.default_rng(1)
    one, other = chance.integers(0, 1 << 29, (2, 200_000))
    rising, same = np.arange(200_000), np.zeros(200_000)
    for numbers in (both(one, other), both(rising, same), both(same, rising)):
        assert numbers.min() >= 0 and numbers.max() < 1 << 29
        # Of random numbers n²/2^30 pairs are expected to be alike: 37 of 200,000.
        assert len(numbers) - len(np.unique(numbers)) < 80
    assert both(1, 2) != both(2, 1) and Counter(both([3, 3], [4, 4]).tolist()).most_common(1)[0][1] == 2
