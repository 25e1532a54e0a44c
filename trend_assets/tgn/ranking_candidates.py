"""Which targets a true one is learnt against: the likely ones, and a few drawn that stand for all others."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from trend_assets.tgn.pair_features import Questions
from trend_assets.tgn.past import Past

#: Where the source was so many interactions ago, where anybody was, and where others went from where the source is.
_OWN_BACK = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
_ANY_BACK = (1, 2, 3, 4, 6, 8, 12, 16)
_STEPS_BACK = (1, 2, 3, 4, 6, 8, 12, 16)
#: The latest visitors of where the source is, and where they were last.
_VISITORS_BACK = (1, 2, 4)
_VISITORS_LAST = (1, 2)


class Candidates(NamedTuple):
    """Targets of each question, the true one first.

    Attributes:
        targets: int64 `[B, C]`.
        kept: false where there is none, or one that the row has before, bool `[B, C]`.
        offset: logarithm of how many targets each stands for, float32 `[B, C]`.
    """

    targets: Tensor
    kept: Tensor
    offset: Tensor


def draw_candidates(past: Past, asked: Questions, true: Tensor, drawn: int, generator: torch.Generator) -> Candidates:
    """Candidates for a softmax over all targets.

    What features speak for must be among them: where only targets drawn at random stand for all that the features
    call likely, the head comes to trust those features too much.

    Args:
        past: of the stream.
        asked: `[B]`.
        true: int64 `[B]`.
        drawn: how many are drawn from all targets.
        generator: draws them.
    """
    count = past.by_source.count(asked.src, asked.known)
    own = torch.stack([past.by_source.latest(asked.src, count, back) for back in _OWN_BACK], dim=1)
    anybody = asked.known.unsqueeze(1) - torch.tensor(_ANY_BACK)
    events = torch.cat([own, anybody, _linked(past, asked, own[:, 0])], dim=1)
    chosen = torch.where(events >= 0, past.dst[events.clamp_min(0)], past.targets)
    others = torch.randint(past.targets, (len(true), drawn), generator=generator)
    targets = torch.cat([true.unsqueeze(1), chosen, others], dim=1)
    kept = _first_of_each(targets) & (targets < past.targets)
    certain = kept[:, :-drawn].sum(1)
    weight = (past.targets - certain) / kept[:, -drawn:].sum(1).clamp_min(1)
    offset = torch.zeros(targets.shape)
    offset[:, -drawn:] = weight.log().unsqueeze(1)
    return Candidates(targets, kept, offset)


def _linked(past: Past, asked: Questions, last: Tensor) -> Tensor:
    """Where others went from where the source is, and where its latest visitors were last: by place, `[B, n]`."""
    here = torch.where(last >= 0, past.dst[last], past.targets)
    steps = past.by_origin.count(here, asked.known)
    found = [past.by_origin.latest(here, steps, back) for back in _STEPS_BACK]
    place = here.clamp_max(past.targets - 1)
    visits = past.by_target.count(place, asked.known)
    for nth in _VISITORS_BACK:
        event = past.by_target.latest(place, visits, nth)
        count = past.by_source.count(past.src[event], asked.known)
        ever = (event >= 0) & (last >= 0)
        found += [torch.where(ever, past.by_source.latest(past.src[event], count, back), -1) for back in _VISITORS_LAST]
    return torch.stack(found, dim=1)


def _first_of_each(values: Tensor) -> Tensor:
    """True where a value of a row is the first of its kind, bool `[B, C]`."""
    ordered, order = torch.sort(values, dim=1, stable=True)
    repeated = torch.zeros_like(values, dtype=torch.bool)
    repeated[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return ~torch.zeros_like(repeated).scatter_(1, order, repeated)
