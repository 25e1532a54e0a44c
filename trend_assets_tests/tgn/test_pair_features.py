from __future__ import annotations

import math

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


def of_all(features: PairFeatures, asked: Questions) -> list[Tensor]:
    """What is said of the questions, `[B, SOURCE_DIM]`, and of them with every target, `[B, TARGETS, …]`."""
    row = torch.arange(len(asked.src)).repeat_interleave(TARGETS)
    targets = torch.arange(TARGETS).repeat(len(asked.src))
    made = (make(asked, row, targets) for make in (features.targets, features.pairs, features.walks))
    return [features.sources(asked), *(part.view(len(asked.src), TARGETS, -1) for part in made)]


@pytest.fixture(params=[past_module._TABLE_CELLS, 0], ids=["table", "search"])
def cells(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(past_module, "_TABLE_CELLS", request.param)
    return int(request.param)


def test_features_are_those_of_a_slow_count(cells: int) -> None:
    src, dst, times = stream()
    features = PairFeatures(Past(src, dst, times, SOURCES, TARGETS))
    rows = torch.arange(0, EVENTS, 7)
    asked = asked_at(src, times, rows)
    *given, walks = of_all(features, asked)
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
    asked = Questions(src[rows], times[rows], known)
    whole = of_all(PairFeatures(Past(src, dst, times, SOURCES, TARGETS)), asked)
    prefix = of_all(PairFeatures(Past(src[:150], dst[:150], times[:150], SOURCES, TARGETS)), asked)
    other = [torch.cat([mine[:150], theirs[150:]]) for mine, theirs in zip((src, dst), stream(seed=1)[:2], strict=True)]
    changed = of_all(PairFeatures(Past(*other, times, SOURCES, TARGETS)), asked)
    for mine, of_prefix, of_changed in zip(whole, prefix, changed, strict=True):
        assert torch.equal(mine, of_prefix)
        assert torch.equal(mine, of_changed)


def test_nothing_is_known_at_the_begin() -> None:
    src, dst, times = stream()
    asked = Questions(src[:2], times[:2], torch.zeros(2, dtype=torch.long))
    for part in of_all(PairFeatures(Past(src, dst, times, SOURCES, TARGETS)), asked):
        assert torch.equal(part, part[:1].expand_as(part))
        assert part.dim() == 2 or torch.equal(part, part[:, :1].expand_as(part))


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
