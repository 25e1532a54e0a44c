"""Splits runs of Chinese characters into words, by the frequencies of words in ordinary texts.

The likeliest path through the words of the dictionary, as `jieba` takes it (a unigram model; Sproat et al. 1996), with
the word list that counts frequencies anyway. Characters in a row of which one
is no word are one word: a name.
"""

from __future__ import annotations

import math
from functools import lru_cache

from trend_assets.enrichment.phrases.background import frequencies

_LONGEST = 6
#: Logarithm of the share of a character that is no word by itself.
_UNKNOWN = math.log(1e-9)


@lru_cache(maxsize=1 << 14)
def segments(run: str, language: str) -> tuple[str, ...]:
    """The words of a run.

    Args:
        run: characters without a space.
        language: code of the word lists; Chinese where it has no list of such words.
    """
    known = frequencies(language if language == "ja" else "zh")
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        paths = []
        for start in range(max(0, end - _LONGEST), end):
            share = known.get(run[start:end])
            if share or end - start == 1:
                paths.append((best[start][0] + (math.log(share) if share else _UNKNOWN), start))
        best.append(max(paths))
    words: list[str] = []
    end, single, rare = len(run), False, False
    while end:
        start = best[end][1]
        part = run[start:end]
        unknown = part not in known
        # Characters that are no words by themselves are a name together.
        if single and len(part) == 1 and (rare or unknown):
            words[-1] = part + words[-1]
        else:
            words.append(part)
        end, single, rare = start, len(part) == 1, unknown
    return tuple(reversed(words))
