"""Phrases that trend together become one topic, and get its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from trend_assets.enrichment.phrases.significance import Keys
from trend_assets.enrichment.phrases.window import Rows, Window
from trend_assets.enrichment.phrases.words import Extractor, surface_of

#: Of the posts that have one of two phrases, the share that has both, from which on they are one topic.
TOGETHER = 0.5
#: Of a phrase's posts the share that has a tag, and of the tag's posts the share that has the phrase, from which on
#: the phrase is the tag's topic.
ALWAYS_WITH, OFTEN_IN = 0.8, 0.25
#: A longer phrase names a topic where it has at least this share of its users.
_NAMING_SHARE = 0.7
#: Posts that are looked at for how a phrase is written.
_EXAMPLES = 12
_NAME_WORDS = 4


class Born(NamedTuple):
    """Phrases that have become significant, and how many users say them."""

    keys: Keys
    users: NDArray[np.int64]


class _Spelled(NamedTuple):
    key: int
    users: int
    posts: NDArray[np.int64]
    phrase: str
    words: int


def cluster(
    rows: Rows,
    born: Born,
    window: Window,
    extractor: Extractor,
    topics: Mapping[int, str],
    tags: Mapping[str, str],
    tagged: Counter[str],
) -> Iterator[tuple[int, str, str]]:
    """Key, topic and phrase of each.

    Args:
        rows: of the window, of the born and of the phrases in `topics`.
        born: what has become significant in the newest hour.
        window: where posts are read.
        extractor: reads how a phrase is written.
        topics: of the phrases that stand for one already.
        tags: topics that the sources give, by their letters.
        tagged: posts of each of them in the window.
    """
    spelled = sorted(
        _spell(rows, born, window, extractor), key=lambda one: (-one.users, -min(one.words, _NAME_WORDS), one.key)
    )
    together = _Together(rows, spelled, topics)
    taken: set[int] = set()
    for index, head in enumerate(spelled):
        if index in taken:
            continue
        members = [index, *(other for other in together.of(index) if other > index and other not in taken)]
        taken.update(members)
        group = [spelled[member] for member in members]
        topic = together.topic(index) or _tag(group, window, tags, tagged) or _name(group)
        for one in group:
            yield one.key, topic, one.phrase


def _spell(rows: Rows, born: Born, window: Window, extractor: Extractor) -> Iterator[_Spelled]:
    starts = np.searchsorted(rows.keys, born.keys)
    ends = np.searchsorted(rows.keys, born.keys, side="right")
    for key, users, start, end in zip(born.keys.tolist(), born.users.tolist(), starts, ends, strict=True):
        posts = rows.posts[start:end]
        forms: Counter[tuple[str, int]] = Counter()
        for post in posts[-_EXAMPLES:].tolist():
            text, language, _ = window.post(post)
            # What stands in the text more than once is written as it stands first.
            usual, begin, stop, words = extractor.find(text, language)[0][key]
            if surface := surface_of(text[begin:stop]):
                forms[surface, words] += 1
        if forms:
            (phrase, words), _ = min(forms.items(), key=lambda item: (-item[1], item[0]))
            yield _Spelled(key, users, np.sort(posts), phrase, words)


class _Together:
    """Which phrases stand in the same posts."""

    def __init__(self, rows: Rows, spelled: list[_Spelled], topics: Mapping[int, str]) -> None:
        others = np.array(sorted(topics), np.uint64)
        self._topics = [topics[key] for key in others.tolist()]
        columns = int(rows.posts.max(initial=0)) + 1
        mine = _matrix([one.posts for one in spelled], columns)
        starts, ends = np.searchsorted(rows.keys, others), np.searchsorted(rows.keys, others, side="right")
        theirs = _matrix([rows.posts[start:end] for start, end in zip(starts, ends, strict=True)], columns)
        self._mine, self._theirs = _jaccard(mine, mine), _jaccard(mine, theirs)

    def of(self, index: int) -> list[int]:
        """The born that go with one, in their order."""
        row = self._mine[[index]]
        return sorted(row.indices[row.data >= TOGETHER].tolist())

    def topic(self, index: int) -> str | None:
        """The topic that one belongs to, where it goes with a phrase that has one."""
        row = self._theirs[[index]]
        likely = [
            (-share, self._topics[at]) for at, share in zip(row.indices, row.data, strict=True) if share >= TOGETHER
        ]
        return min(likely)[1] if likely else None


def _matrix(posts: list[NDArray[np.int64]], columns: int) -> sparse.csr_array:
    lengths = np.cumsum([0, *map(len, posts)])
    indices = np.concatenate(posts) if posts else np.empty(0, np.int64)
    return sparse.csr_array((np.ones(len(indices), np.int32), indices, lengths), shape=(len(posts), columns))


def _jaccard(left: sparse.csr_array, right: sparse.csr_array) -> sparse.csr_array:
    both = (left @ right.T).tocoo()
    lefts, rights = left.sum(axis=1), right.sum(axis=1)
    shares = both.data / (lefts[both.row] + rights[both.col] - both.data)
    return sparse.csr_array((shares, (both.row, both.col)), shape=both.shape)


def _tag(group: list[_Spelled], window: Window, tags: Mapping[str, str], tagged: Counter[str]) -> str | None:
    """The tag that is spelled like one of them, else that which nearly always comes with the first."""
    for one in group:
        if found := tags.get("".join(char for char in one.phrase if char.isalnum())):
            return found
    posts = group[0].posts.tolist()
    beside = Counter(tag for post in posts for tag in set(window.post(post)[2]))
    likely = [
        (-count, tag)
        for tag, count in beside.items()
        if count >= ALWAYS_WITH * len(posts) and count >= OFTEN_IN * tagged[tag]
    ]
    return min(likely)[1] if likely else None


def _name(group: list[_Spelled]) -> str:
    """The longest phrase that most of its users say."""
    telling = [one for one in group if one.users >= _NAMING_SHARE * group[0].users and one.words <= _NAME_WORDS]
    return min(telling or group, key=lambda one: (-one.words, -one.users, one.phrase)).phrase
