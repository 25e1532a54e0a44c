"""Of phrases that have become significant: which are topics, which are one topic together, and its name."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.significance import Floats, Keys
from trend_assets.enrichment.phrases.usage import Usage, UsageReader, is_listed
from trend_assets.enrichment.phrases.window import Rows, Window, known
from trend_assets.enrichment.phrases.words import Extractor

#: Of the posts that have one of two phrases, the share that has both, from which on they are one topic.
TOGETHER = 0.5
#: Wordings in which a phrase must have been said; where one text is passed on, twice the users must do so.
LEAST_WORDINGS = 2
#: Different neighbours on each side that a phrase needs, and the largest share of uses with one neighbour: what has
#: fewer, or more of one, is a part of a longer phrase or of a text that is passed on.
LEAST_VARIETY, MOST_ALIKE = 2, 0.6
#: Words of the dictionary that are no name need so many times the significance and the users. Where more than this
#: share of them are hashtags, people mean the tag, and what others say with the same word is another thing.
MORE_SIGMA, MORE, MOST_TAGGED = 4, 3, 0.5
#: Of a phrase's posts the share that has a tag, and of the tag's posts the share that has the phrase, from which on
#: the phrase is the tag's topic.
ALWAYS_WITH, OFTEN_IN = 0.8, 0.25
#: A post with more tags says of none what it is about.
_MOST_TAGS = 3
#: Posts of a phrase in which other tags are looked for.
_LOOKED_AT = 100
#: A longer phrase names a topic where it has at least this share of its users.
_NAMING_SHARE = 0.7
_NAME_WORDS = 4


class SignificantPhrases(NamedTuple):
    """Phrases that have become significant: by how many deviations, and how many users say them."""

    keys: Keys
    significance: Floats
    users: NDArray[np.int64]
    usual: NDArray[np.float32]


class Tags(NamedTuple):
    """Topics that the sources give: by their letters, and how many posts of the window have each."""

    spelled: Mapping[str, str]
    posts: Counter[str]


class _Spelled(NamedTuple):
    key: int
    users: int
    posts: NDArray[np.int64]
    phrase: str
    words: int
    #: Of the dictionary, and no name: it says little alone.
    ordinary: bool
    usual: float
    listed: bool


def cluster(
    rows: Rows,
    born: SignificantPhrases,
    window: Window,
    extractor: Extractor,
    choice: Choice,
    topics: Mapping[int, str],
    tags: Tags,
) -> Iterator[tuple[int, str, str, bool]]:
    """Key, topic and phrase of each, and whether it stands for the topic alone.

    Args:
        rows: of the born.
        born: what has become significant in the newest hour.
        window: where posts are read.
        extractor: reads how a phrase is written.
        choice: what becomes a topic.
        topics: of the phrases that stand for one already.
        tags: of the sources.
    """
    posts = {key: rows.of(key) for key in born.keys.tolist()}
    reader = UsageReader(window, extractor, posts)
    beside = reader.beside(known(topics))
    spelled = sorted(
        _spell(posts, born, reader, choice, tags),
        key=lambda one: (-one.users, -min(one.words, _NAME_WORDS), one.key),
    )
    together = _CoOccurrence(spelled)
    own = {index: tag for index, one in enumerate(spelled) if (tag := _spelled_as(one, tags))}
    taken = set(own)
    # What is spelled like a tag is that tag, and others may be it, too.
    for index in sorted(range(len(spelled)), key=lambda index: (index not in own, index)):
        if index in taken and index not in own:
            continue
        first = spelled[index]
        named = (
            own.get(index)
            or _topic_beside(first, [beside[post] for post in reader.examples[first.key]], window, topics)
            or _tag_beside(first, window, tags)
        )
        members = [index, *(other for other in together.of(index) if other != index and other not in taken)]
        if named:
            members = [index, *(other for other in members[1:] if _may_be(spelled[other], named, window))]
        taken.update(members)
        group = [spelled[member] for member in members]
        name = group[0] if index in own else None if named else _name(group)
        for one in group:
            yield one.key, named or (name or one).phrase, one.phrase, one is name or not one.ordinary


def _spell(
    posts: Mapping[int, NDArray[np.int64]], born: SignificantPhrases, reader: UsageReader, choice: Choice, tags: Tags
) -> Iterator[_Spelled]:
    for key, significance, users, usual in zip(*(part.tolist() for part in born), strict=True):
        wordings = len(reader.examples[key])
        if wordings < LEAST_WORDINGS and users < 2 * choice.least_users:
            continue
        usage = reader.usage(key)
        if usage is None:
            continue
        ordinary = usage.listed and not usage.named
        many = users >= MORE * choice.least_users or significance == math.inf
        much = significance >= MORE_SIGMA * choice.sigma and many
        if ordinary and not (much and wordings > LEAST_WORDINGS and usage.tagged <= MOST_TAGGED):
            continue
        if not _is_whole(usage, users, choice) or _is_beside_tag(usage, tags):
            continue
        yield _Spelled(key, users, posts[key], usage.phrase, usage.words, ordinary, usual, usage.listed)


def _is_whole(usage: Usage, users: int, choice: Choice) -> bool:
    """Whether it is a phrase, and no part of one."""
    if usage.variety >= LEAST_VARIETY:
        return usage.alike <= MOST_ALIKE
    # Of a text that many pass on, the words that no dictionary holds.
    return usage.words == 1 and not usage.listed and users >= 2 * choice.least_users


def _is_beside_tag(usage: Usage, tags: Tags) -> bool:
    """Whether it is a tag's word that no dictionary holds, and common ones beside it, and no name."""
    if usage.named or letters(usage.phrase) in tags.spelled:
        return False
    parts = usage.phrase.split()
    # English that consists of tags is often taken for another language.
    owns = ([part for part in parts if not is_listed(part, language)] for language in (usage.language, "en"))
    return any(0 < len(own) < len(parts) and all(letters(part) in tags.spelled for part in own) for own in owns)


class _CoOccurrence:
    """Which phrases occur in the same posts, by Jaccard similarity."""

    def __init__(self, spelled: list[_Spelled]) -> None:
        posts = [one.posts for one in spelled]
        columns, places = np.unique(np.concatenate([*posts, np.empty(0, np.int64)]), return_inverse=True)
        lengths = np.cumsum([0, *map(len, posts)])
        mine = sparse.csr_array((np.ones(len(places), np.int32), places, lengths), shape=(len(posts), len(columns)))
        both = (mine @ mine.T).tocoo()
        sizes = np.diff(lengths)
        shares = both.data / (sizes[both.row] + sizes[both.col] - both.data)
        self._shares = sparse.csr_array((shares, (both.row, both.col)), shape=both.shape)

    def of(self, index: int) -> list[int]:
        """Those that go with one, in their order."""
        row = self._shares[[index]]
        return sorted(row.indices[row.data >= TOGETHER].tolist())


def _topic_beside(one: _Spelled, beside: Sequence[list[int]], window: Window, topics: Mapping[int, str]) -> str | None:
    """The topic of a phrase that stands in the same posts, of those that stand in the examples."""
    counts = Counter(key for keys in beside for key in keys)
    # What shares half of all posts shares nearly half of the examples, and is in at most twice the posts.
    likely = known(key for key, count in counts.items() if key != one.key and 2.5 * count >= len(beside))
    likely = likely[TOGETHER * window.said(likely) <= len(one.posts)]
    if not len(likely):
        return None
    rows = window.rows(likely)
    found = []
    for key in likely.tolist():
        theirs = rows.of(key)
        both = len(np.intersect1d(one.posts, theirs, assume_unique=True))
        found.append((-both / (len(one.posts) + len(theirs) - both), topics[key]))
    share, topic = min(found)
    return topic if -share >= TOGETHER and _may_be(one, topic, window) else None


def _spelled_as(one: _Spelled, tags: Tags) -> str | None:
    """The tag of the same letters. `cat` is no `$cat`, and `m&a` no `$ma`."""
    found = tags.spelled.get(letters(one.phrase))
    return None if found and found[0] == "$" and (one.listed or found[1:] != one.phrase) else found


def _tag_beside(one: _Spelled, window: Window, tags: Tags) -> str | None:
    """The tag that nearly always comes with it. A word of the dictionary means other things on other days."""
    if not tags.posts or (one.words == 1 and one.listed):
        return None
    told = [found for post in one.posts.tolist() if len(found := window.tags(post)) <= _MOST_TAGS]
    if 2 * len(told) < len(one.posts):
        return None
    beside = Counter(tag for found in told for tag in found)
    likely = [
        (-count, tag)
        for tag, count in beside.items()
        if count >= ALWAYS_WITH * len(told) and count >= OFTEN_IN * tags.posts[tag]
    ]
    return min(likely)[1] if likely else None


def _may_be(one: _Spelled, topic: str, window: Window) -> bool:
    return not is_borrowed(one.phrase, topic) or is_alone(one.posts, topic, window)


def is_borrowed(phrase: str, topic: str) -> bool:
    """Whether the topic is a tag that the phrase only comes with."""
    return topic[0] in "#$" and letters(phrase) != letters(topic)


def is_alone(posts: NDArray[np.int64], tag: str, window: Window) -> bool:
    """Whether a phrase with these posts is this tag's alone: of the newest that have few tags, nearly all have it."""
    mine = letters(tag)
    told = [found for post in posts[-_LOOKED_AT:].tolist() if 0 < len(found := window.tags(post)) <= _MOST_TAGS]
    return sum(mine in map(letters, found) for found in told) >= ALWAYS_WITH * len(told)


def letters(topic: str) -> str:
    """The letters and digits of a topic, by which a phrase is recognised as a tag."""
    return "".join(filter(str.isalnum, topic))


def _name(group: list[_Spelled]) -> _Spelled:
    """The longest phrase that most of its users say; of equally long ones the rarest."""
    telling = [one for one in group if one.users >= _NAMING_SHARE * group[0].users and one.words <= _NAME_WORDS]
    return min(telling or group, key=lambda one: (-one.words, one.ordinary, one.usual, -one.users, one.phrase))
