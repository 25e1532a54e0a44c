from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from trend_assets.tgn import past as past_module
from trend_assets.tgn.pair_features import PAIR_DIM, SOURCE_DIM, TARGET_DIM, WALK_DIM, PairFeatures, Questions
from trend_assets.tgn.past import Past

SOURCES, TARGETS, EVENTS = 9, 6, 300
NEVER, NEVER_EVENTS = math.log1p(1e8), math.log1p(1e5)


def stream(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    src = torch.randint(0, SOURCES, (EVENTS,), generator=generator)
    dst = torch.randint(0, TARGETS, (EVENTS,), generator=generator)
    return src, dst, torch.randint(0, 5, (EVENTS,), generator=generator).cumsum(0)


def asked_at(src: Tensor, times: Tensor, rows: Tensor) -> Questions:
    return Questions(src[rows], times[rows], torch.searchsorted(times, times[rows]))


def all_of(features: PairFeatures, asked: Questions, targets: Tensor) -> Tensor:
    """Everything that is said of each question and candidate, `[B, C, …]`."""
    source = features.sources(asked).unsqueeze(1).expand(*targets.shape, SOURCE_DIM)
    parts = [source, *(make(asked, targets) for make in (features.targets, features.pairs, features.walks))]
    return torch.cat(parts, dim=-1)


@pytest.fixture(params=[past_module._TABLE_CELLS, 0], ids=["table", "search"])
def cells(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(past_module, "_TABLE_CELLS", request.param)
    yield request.param


def test_features_are_those_of_a_slow_count(cells: int) -> None:
    src, dst, times = stream()
    features = PairFeatures(Past(src, dst, times, SOURCES, TARGETS))
    rows = torch.arange(0, EVENTS, 7)
    targets = torch.arange(TARGETS).expand(len(rows), -1)
    asked = asked_at(src, times, rows)
    given = (features.sources(asked), features.targets(asked, targets), features.pairs(asked, targets))
    walks = features.walks(asked, targets)
    assert [part.shape[-1] for part in (*given, walks)] == [SOURCE_DIM, TARGET_DIM, PAIR_DIM, WALK_DIM]
    for row, (user, now, known) in enumerate(zip(*(part.tolist() for part in asked), strict=True)):
        events = list(zip(src[:known].tolist(), dst[:known].tolist(), times[:known].tolist(), strict=True))
        source, last_page = slow_source(events, user, now)
        assert given[0][row, [0, 1, 5, 6, 7]].tolist() == pytest.approx(source, rel=1e-5)
        for page in range(TARGETS):
            target = slow_target(events, page, now)
            assert given[1][row, page, [0, 1, 5, 8, 9]].tolist() == pytest.approx(target, rel=1e-5)
            pair = slow_pair(events, user, page, now)
            assert given[2][row, page, [0, 1, 3, 6, 10, 11, 12]].tolist() == pytest.approx(pair, rel=1e-5)
            own = slow_steps([event for event in events if event[0] == user], last_page, page, now)
            assert given[2][row, page, [17, 19]].tolist() == pytest.approx([own[0], own[2]], rel=1e-5)
            assert walks[row, page, :4].tolist() == pytest.approx(slow_steps(events, last_page, page, now), rel=1e-5)
            visitors = slow_visitors(events, user, last_page, page, now)
            assert walks[row, page, 8:12].tolist() == pytest.approx(visitors, rel=1e-5)


def test_nothing_behind_what_is_known_is_read(cells: int) -> None:
    src, dst, times = stream()
    rows = torch.arange(150, 200)
    known = torch.full((len(rows),), 150)
    targets = torch.arange(TARGETS).expand(len(rows), -1)
    asked = Questions(src[rows], times[rows], known)
    whole = all_of(PairFeatures(Past(src, dst, times, SOURCES, TARGETS)), asked, targets)
    prefix = all_of(PairFeatures(Past(src[:150], dst[:150], times[:150], SOURCES, TARGETS)), asked, targets)
    other = [torch.cat([mine[:150], theirs[150:]]) for mine, theirs in zip((src, dst), stream(seed=1)[:2], strict=True)]
    changed = all_of(PairFeatures(Past(*other, times, SOURCES, TARGETS)), asked, targets)
    assert torch.equal(whole, prefix)
    assert torch.equal(whole, changed)


def test_nothing_is_known_at_the_begin() -> None:
    src, dst, times = stream()
    asked = Questions(src[:2], times[:2], torch.zeros(2, dtype=torch.long))
    made = all_of(PairFeatures(Past(src, dst, times, SOURCES, TARGETS)), asked, torch.arange(TARGETS).expand(2, -1))
    assert torch.equal(made, made[:1, :1].expand_as(made))


def elapsed(event: tuple[int, int, int] | None, now: int) -> float:
    return math.log1p(now - event[2]) if event else NEVER


def back(events: list[tuple[int, int, int]], nth: int) -> tuple[int, int, int] | None:
    return events[-nth] if len(events) >= nth else None


def slow_source(events: list[tuple[int, int, int]], user: int, now: int) -> tuple[list[float], int | None]:
    own = [event for event in events if event[0] == user]
    pages = {event[1] for event in own}
    spans = [elapsed(back(own, nth), now) for nth in (1, 2)]
    share = len(pages) / max(len(own), 1)
    return [*spans, math.log1p(len(own)), math.log1p(len(pages)), share], own[-1][1] if own else None


def slow_target(events: list[tuple[int, int, int]], page: int, now: int) -> list[float]:
    here = [event for event in events if event[1] == page]
    new = [event for place, event in enumerate(here) if event[0] not in {before[0] for before in here[:place]}]
    spans = [elapsed(back(here, nth), now) for nth in (1, 2)]
    return [*spans, elapsed(back(new, 1), now), math.log1p(len(here)), math.log1p(len(new))]


def slow_pair(events: list[tuple[int, int, int]], user: int, page: int, now: int) -> list[float]:
    met = [event for event in events if event[:2] == (user, page)]
    spans = [elapsed(back(met, nth), now) for nth in (1, 2)]
    since = []
    for side, value in ((0, user), (1, page)):
        line = [event[:2] for event in events if event[side] == value]
        passed = line[::-1].index((user, page)) if met else None
        since.append(NEVER_EVENTS if passed is None else math.log1p(passed))
    of_user = max(sum(event[0] == user for event in events), 1)
    return [*spans, *since, float(bool(met)), math.log1p(len(met)), len(met) / of_user]


def slow_steps(events: list[tuple[int, int, int]], here: int | None, page: int, now: int) -> list[float]:
    last: dict[int, int] = {}
    steps, total, returns = [], 0, 0
    for event in events:
        origin = last.get(event[0])
        total += origin == here
        if (origin, event[1]) == (here, page):
            steps.append(event)
        returns += here is not None and (origin, event[1]) == (page, here)
        last[event[0]] = event[1]
    share = math.log1p(1000 * len(steps) / max(total, 1))
    return [math.log1p(len(steps)), share, elapsed(back(steps, 1), now), math.log1p(returns)]


def slow_visitors(events: list[tuple[int, int, int]], user: int, here: int | None, page: int, now: int) -> list[float]:
    found: list[float] = []
    for at, other_end in ((here, page), (page, here)):
        last = back([event for event in events if event[1] == at], 1)
        met = [event for event in events if last and last[0] != user and event[:2] == (last[0], other_end)]
        met = met if here is not None else []
        found += [math.log1p(len(met)), elapsed(back(met, 1), now)]
    return found
