"""Forecasts and outcomes in plain words and numbers: the same in the terminal, the API and the dashboard."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

#: What is forecast, in the order in which it is shown; the first is the default.
TITLES: Mapping[str, str] = {
    "emerges": "Will grow",
    "bursts": "Unusually high for this topic",
    "breaks_out": "New and rising",
}
DEFAULT_LABEL = next(iter(TITLES))
#: What a list is in which a trained model ranks topics: most of them may be unlikely.
_LISTS: Mapping[str, str] = {
    "emerges": "Likeliest to grow",
    "bursts": "Likeliest to be unusually high",
    "breaks_out": "New, and likeliest to rise",
}
_LENGTH = re.compile(r"_\d+[hd]$")
#: How a forecast came about that is not live; `revised` is said of one that is not the first.
MADE: Mapping[str, str] = {
    "late": "made late: after the time in which a forecast counts as live, before the outcome was known",
    "backfill": "made afterwards: what this model would have said, not what it said",
    "revised": "revised: with posts that came later; the first one is scored",
    "unrecorded": "made by an older release: it did not note when",
}
#: What the rankings that only count go by.
COUNTING: Mapping[str, str] = {
    "mentions_3h": "most mentions in 3 h",
    "mentions_24h": "most mentions in 24 h",
    "mentions_7d": "most mentions in 7 days",
    "mentions_30d": "most mentions in 30 days",
    "momentum": "most mentions more than on the day before",
    "same_day_last_week": "most mentions on this day of last week",
    "ewma_3d": "most mentions of late (mean with a half-life of 3 days)",
}
#: How the count that ranks is chosen.
_CHOSEN = "the count that did best in the weeks before"
_BASELINE = "baseline:"
#: This one ranks where too little lies before to compare counts.
UNCOMPARED_COUNT = "mentions_24h"
UNCOMPARED = f"{_BASELINE}{UNCOMPARED_COUNT}"
_NOT_CHOSEN = "their mentions in 24 h (too little lies before to see which count does best)"
#: What the figures of accuracy call the forecast itself, and its model.
_FORECASTS: Mapping[str, str] = {"forecast": "this forecast", "tgn": "the trained model (TGN)"}
#: What is said of a forecast whose moment has not come.
NOT_DUE = "not due yet"


class Decision(NamedTuple):
    """What was decided of a trained model: `promoted`, `refused` or `withdrawn`, and why."""

    version: str
    action: str
    reason: str


def label_ahead(kind: str, hours: int, main: int | None = None) -> str:
    """The name of a label with its horizon: `emerges_6h`, `emerges_7d`; of the main horizon, in hours, as it is."""
    if hours == main:
        return kind
    return f"{kind}_{hours // 24}d" if _whole_days(hours) else f"{kind}_{hours}h"


def kind_of(label: str) -> str:
    """What a label says, whatever its horizon: `emerges` of `emerges_6h`."""
    return _LENGTH.sub("", label)


def ahead(hours: int) -> str:
    """A horizon: `6 h`, `24 h`, `7 days`."""
    return f"{hours // 24} days" if _whole_days(hours) else f"{hours} h"


def _whole_days(hours: int) -> bool:
    return hours > 24 and hours % 24 == 0


def counted_because(
    further: Sequence[str | None] = (), decision: Decision | None = None, *, compared: bool = True
) -> str:
    """Why counting ranks.

    Args:
        further: of a further horizon, why the trained model that ranks the main one does not rank it, None where it is
            not said; nothing where no trained model ranks.
        decision: what was decided last of a model that could rank, None where there was none.
        compared: whether enough lay before to see which count does best; else it is `UNCOMPARED` that ranks.
    """
    chosen = _CHOSEN if compared else _NOT_CHOSEN
    if further:
        who, why = "the trained model is not used this far ahead", further[0] or "it has not learnt this horizon"
    elif decision is None:
        who = "no model has been trained for this hour yet"
        why = "`trend train` trains one, once there are `training.min_events` mentions"
    elif decision.action == "promoted":
        who, why = f"the trained model {decision.version} was not used at this hour", "`trend alerts list` says why"
    else:
        who, why = f"the trained model {decision.version} was {decision.action}", decision.reason
        if decision.action == "refused":
            why += ". More history helps most: import earlier posts or go on collecting, then train again"
    return f"{who}, so topics are ranked by {chosen} and no chance is given: {why}"


def comes_true(kind: str, hours: int, threshold: int, min_growth: int, burst_ratio: float) -> str:
    """What a forecast needs to come true: `at least 8 mentions in 24 h, and 4 more than in the 24 h before`.

    Args:
        kind: of `TITLES`.
        hours: how far ahead.
        threshold: mentions that are needed in any case.
        min_growth: more than in as long a time before.
        burst_ratio: times what is usual.
    """
    more = {
        "emerges": f", and {min_growth} more than in the {ahead(hours)} before",
        "bursts": f", and {burst_ratio:g} times as many as at the same hours of the weeks before",
        "breaks_out": " of a topic first seen in the day before",
    }
    return f"at least {counted(threshold, 'mention')} in {ahead(hours)}{more[kind]}"


def nothing_asked(label: str) -> str:
    """Why a label may be forecast of no topic: `nothing was mentioned in the window`."""
    return _NOTHING_ASKED[kind_of(label)]


_NOTHING_ASKED = {
    "emerges": "nothing was mentioned in the window",
    "bursts": "nothing was mentioned in the window, or no week of posts lies before to compare with",
    "breaks_out": "no topic was first seen in the window, or too few posts lie before to know what is new",
}


def is_counting(model_version: str) -> bool:
    """Whether a forecast was made by counting, not by a trained model."""
    return model_version.startswith(_BASELINE)


def forecaster(model_version: str) -> str:
    """Who made a forecast: `tgn-2015-01-05-s17`, or `counting: most mentions in 24 h`."""
    if not is_counting(model_version):
        return model_version
    name = model_version.removeprefix(_BASELINE)
    return f"counting: {COUNTING.get(name, name)}"


def list_title(label: str, hours: int, model_version: str) -> str:
    """What a list of forecasts is: `Likeliest to grow in 24 h`; where counting ranks, what it counts."""
    if is_counting(model_version):
        return f"For the next {ahead(hours)}, ranked by {forecaster(model_version)}"
    return f"{_LISTS[kind_of(label)]} in {ahead(hours)}"


def ranking_title(name: str) -> str:
    """What topics are ranked by, of a name in the figures of accuracy: `this forecast`, `most mentions in 24 h`."""
    return _FORECASTS.get(name) or COUNTING.get(name, name.replace("_", " "))


def change(before: int, after: int) -> str:
    """Mentions in the time before and after: `25 → 46 ▲ 84 %`, `93 → 11 ▼ 88 %`."""
    told = f"{before:,} → {after:,}"
    if after == before:
        return f"{told} ="
    share = f" {abs(after - before) / before:.0%}".replace("%", " %") if before else ""
    return f"{told} {'▲' if after > before else '▼'}{share}"


def expected_mentions(before: int, growth: float | None, needed: int | None = None) -> int | None:
    """Mentions that a growth of log1p(after) - log1p(before) makes of those before, rounded as one would say it.

    None where no growth was estimated. Rounding makes no rise of a fall, no fall of a rise, and nothing that is needed
    to come true of what is less, or the other way round.
    """
    if growth is None:
        return None
    after = max((1 + before) * math.exp(growth) - 1, 0.0)
    step = 1 if after < 20 else 5 if after < 100 else 10 ** (int(math.log10(after)) - 1)
    rounded = int(step * round(after / step))
    rounded = max(rounded, before + 1) if after >= before + 0.5 else min(rounded, before)
    if needed is None:
        return rounded
    return max(rounded, needed) if after >= needed - 0.5 else min(rounded, needed - 1)


def outlook(before: int, expected: int | None) -> str:
    """Mentions so far and what is expected: `25 → about 50`; `25` where nothing was estimated."""
    return f"{before:,}" if expected is None else f"{before:,} → about {expected:,}"


def forecast_in_words(
    label: str,
    before: int,
    growth: float | None,
    confidence: float | None,
    hours: int,
    needed: int | None = None,
    model_version: str = "",
) -> str:
    """One topic's forecast in a line: `will grow (chance 81 %): 25 → about 50 mentions in 24 h`.

    Where counting ranks, nothing is said to grow: `for the next 24 h, ranked by counting: …; 25 mentions in the 24 h
    before`.
    """
    if is_counting(model_version):
        title = list_title(label, hours, model_version)
        return f"{title[:1].lower()}{title[1:]}; {counted(before, 'mention')} in the {ahead(hours)} before"
    title = TITLES[kind_of(label)]
    title = title[:1].lower() + title[1:]
    chance = "" if confidence is None else f" (chance {chance_of(confidence).replace('%', ' %')})"
    return f"{title}{chance}: {outlook(before, expected_mentions(before, growth, needed))} mentions in {ahead(hours)}"


def outcome(label: str, before: int, after: int, usual: float | None) -> str:
    """What came of it in numbers: `25 → 46 ▲ 84 %`; `11 mentions, usual 0 (93 → 11 ▼ 88 %)` where the usual decides."""
    if label != "bursts" or usual is None:
        return change(before, after)
    return f"{counted(after, 'mention')}, usual {usual:,.0f} ({change(before, after)})"


def mentions(
    label: str, before: int, after: int | None, growth: float | None, usual: float | None, needed: int | None = None
) -> str:
    """What came of a forecast in numbers; what is expected where that is not known yet."""
    if after is None:
        return outlook(before, expected_mentions(before, growth, needed))
    return outcome(label, before, after, usual)


def why(counts: Mapping[str, Any]) -> str:
    """The counts behind a forecast: `25 mentions in 24 h, 3 in the 24 h before; by 9 users`."""
    parts = []
    if (day := counts.get("mentions_24h")) is not None:
        before = counts.get("mentions_day_2")
        parts.append(
            f"{counted(day, 'mention')} in 24 h" + (f", {before:g} in the 24 h before" if before is not None else "")
        )
    if (last := counts.get("mentions_3h")) is not None:
        parts.append(f"{last:g} in the last 3 h")
    if users := counts.get("users_24h"):
        parts.append(f"by {counted(users, 'user')}")
    if (age := counts.get("age_hours")) is not None and age < 48:
        parts.append(f"first seen {age:.0f} h before")
    if (usual := counts.get("usual")) is not None:
        parts.append(f"usual at these hours {usual:.0f}")
    return "; ".join(parts)


def counted(number: float, thing: str) -> str:
    """A number of things, thousands set apart: `1 mention`, `2.5 weeks`, `1,234 rows`."""
    shown = f"{number:,}" if isinstance(number, int) else f"{number:,.10g}"
    return f"{shown} {thing}" if number == 1 else f"{shown} {thing}s"


def verdict(came_true: bool | None, waits: str = NOT_DUE) -> str:
    """Whether it came true; what it waits for where that is not known."""
    return {True: "came true", False: "did not come true", None: waits}[came_true]


def waits_for(due: datetime, newest_post: datetime | None) -> str:
    """Why it is not known what came of a forecast whose moment has passed."""
    # Outcomes are made of whole hours, and a forecast is due at one: a post in the last hour before is enough.
    ends = newest_post is None or newest_post < due - timedelta(hours=1)
    return "not known: the posts end before" if ends else "not scored yet"


def chance_of(confidence: float) -> str:
    """A calibrated probability in whole per cent; never certain: `86%`, `>99%`, `<1%`."""
    if confidence >= 0.995:
        return ">99%"
    return "<1%" if confidence < 0.005 else f"{confidence:.0%}"


def no_chance(model_version: str) -> str:
    """Why a forecast states no probability."""
    why = "ranked by counting" if is_counting(model_version) else "the model could not be calibrated for this"
    return f"no chance given: {why}"


def likely(confidence: float) -> str:
    """A calibrated probability in words: `likely: about 8 in 10 such should come true`."""
    word = next(word for bound, word in _LIKELY if confidence >= bound)
    return f"{word}: {_share(confidence)} such should come true"


def _share(confidence: float) -> str:
    """A probability in tenths, halves of them rounded up; less than a half is not told as one."""
    if confidence >= 0.95:
        return "nearly all"
    if confidence < 0.05:
        return "fewer than 1 in 20"
    tenths = math.floor(confidence * 10 + 0.5)
    return "not quite 5 in 10" if tenths == 5 and confidence < 0.5 else f"about {tenths} in 10"


_LIKELY = ((0.9, "very likely"), (0.65, "likely"), (0.35, "possible"), (0.1, "unlikely"), (0.0, "very unlikely"))
