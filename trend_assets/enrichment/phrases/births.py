"""Groups phrases that trend together into one topic, and names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from trend_assets.enrichment.phrases.background import LISTED
from trend_assets.enrichment.phrases.choice import Choice
from trend_assets.enrichment.phrases.significance import Keys
from trend_assets.enrichment.phrases.window import Rows, Window
from trend_assets.enrichment.phrases.words import Extractor, surface_of

#: Of the posts that have one of two phrases, the share that has both, from which on they are one topic.
TOGETHER = 0.5
#: Wordings in which a phrase must have been said; where one text is passed on, twice the users must do so.
LEAST_WORDINGS = 2
#: Of a phrase's posts the share that has a tag, and of the tag's posts the share that has the phrase, from which on
#: the phrase is the tag's topic.
ALWAYS_WITH, OFTEN_IN = 0.8, 0.25
#: A longer phrase names a topic where it has at least this share of its users.
_NAMING_SHARE = 0.7
#: Posts that are looked at for how a phrase is written.
_EXAMPLES = 12
_NAME_WORDS = 4
#: A word of the dictionary needs so many times the users, and more wordings.
_MORE = 2


class SignificantPhrases(NamedTuple):
    """Phrases that have become significant, how many users say them, and in how many wordings."""

    keys: Keys
    users: NDArray[np.int64]
    wordings: NDArray[np.int64]


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
    #: One word of the dictionary, and no name: it says little alone.
    ordinary: bool
    usual: float


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
        rows: of the window, of the born and of the phrases in `topics`.
        born: what has become significant in the newest hour.
        window: where posts are read.
        extractor: reads how a phrase is written.
        choice: what becomes a topic.
        topics: of the phrases that stand for one already.
        tags: of the sources.
    """
    spelled = sorted(
        _spell(rows, born, window, extractor, choice),
        key=lambda one: (-one.users, -min(one.words, _NAME_WORDS), one.key),
    )
    together = _CoOccurrence(rows, spelled, topics)
    own = {index: tag for index, one in enumerate(spelled) if (tag := _spelled_as(one, tags))}
    taken = set(own)
    # What is spelled like a tag is that tag, and others may be it, too.
    for index in sorted(range(len(spelled)), key=lambda index: (index not in own, index)):
        if index in taken and index not in own:
            continue
        members = [index, *(other for other in together.of(index) if other != index and other not in taken)]
        taken.update(members)
        group = [spelled[member] for member in members]
        named = own.get(index) or together.topic(index) or _tag_beside(group[0], window, tags)
        name = group[0] if index in own else None if named else _name(group)
        for one in group:
            yield one.key, named or (name or one).phrase, one.phrase, one is name or not one.ordinary


def _spell(
    rows: Rows, born: SignificantPhrases, window: Window, extractor: Extractor, choice: Choice
) -> Iterator[_Spelled]:
    starts = np.searchsorted(rows.keys, born.keys)
    ends = np.searchsorted(rows.keys, born.keys, side="right")
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    for key, users, wordings, (start, end) in zip(*(part.tolist() for part in born), spans, strict=True):
        posts = rows.posts[start:end]
        forms: Counter[tuple[str, int]] = Counter()
        names, usual = 0, float(rows.usual[start:end].max())
        for post in posts[-_EXAMPLES:].tolist():
            text, language, _ = window.post(post)
            # What stands in the text more than once is written as it stands first.
            _, begin, stop, words = extractor.find(text, language)[0][key]
            names += _is_name(text, begin)
            if surface := surface_of(text[begin:stop]):
                forms[surface, words] += 1
        if not forms:
            continue
        (phrase, words), _ = min(forms.items(), key=lambda item: (-item[1], item[0]))
        ordinary = words == 1 and usual > LISTED and names <= 0
        if ordinary and (users < _MORE * choice.least_users or wordings <= LEAST_WORDINGS):
            continue
        yield _Spelled(key, users, np.sort(posts), phrase, words, ordinary, usual)


def _is_name(text: str, begin: int) -> int:
    """1 where a capital within a sentence tells a name, -1 where a small letter tells a word, 0 where nothing does."""
    if not text[begin].isupper():
        return -1 if text[begin].islower() else 0
    before = text[max(0, begin - 40) : begin].rstrip(" #$").rsplit(None, 1)[-1:]
    return int(bool(before) and before[0][0].islower() and before[0][-1] not in ".!?:;\u2026")


class _CoOccurrence:
    """Which phrases occur in the same posts, by Jaccard similarity."""

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


def _spelled_as(one: _Spelled, tags: Tags) -> str | None:
    """The tag of the same letters. `cat` is no `$cat`, and `all` no `$all`."""
    found = tags.spelled.get("".join(filter(str.isalnum, one.phrase)))
    return None if found and found[0] == "$" and one.usual > LISTED else found


def _tag_beside(one: _Spelled, window: Window, tags: Tags) -> str | None:
    """The tag that nearly always comes with it."""
    posts = one.posts.tolist()
    beside = Counter(tag for post in posts for tag in set(window.post(post)[2]))
    likely = [
        (-count, tag)
        for tag, count in beside.items()
        if count >= ALWAYS_WITH * len(posts) and count >= OFTEN_IN * tags.posts[tag]
    ]
    return min(likely)[1] if likely else None


def _name(group: list[_Spelled]) -> _Spelled:
    """The longest phrase that most of its users say."""
    telling = [one for one in group if one.users >= _NAMING_SHARE * group[0].users and one.words <= _NAME_WORDS]
    return min(telling or group, key=lambda one: (-one.words, one.ordinary, -one.users, one.phrase))
