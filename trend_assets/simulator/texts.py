"""Texts of simulated posts, from the templates and vocabulary of a community and language."""

from __future__ import annotations

import random

from trend_assets.simulator.phrases import (
    CHATTER,
    MOODS,
    PERENNIAL_SENTENCES,
    REPLIES,
    SENTENCES,
    SLANG,
    SPAM_TEXTS,
)
from trend_assets.simulator.population import User
from trend_assets.simulator.topics import Topic
from trend_assets.simulator.vocabulary import Dialect

_SLANG_SHARE = 0.5
_REMARK_SHARE = 0.5


def about(rng: random.Random, author: User, topic: Topic) -> tuple[str, str]:
    """A sentence about a topic, without its label, and the sentence's language."""
    language = _language(author, topic)
    dialect = topic.community.dialects.get(language) or topic.community.dialects[topic.language]
    if topic.perennial:
        template = rng.choice(PERENNIAL_SENTENCES[language])
    elif dialect.remarks and language == topic.language and rng.random() < _REMARK_SHARE:
        template = rng.choice(dialect.remarks)
    else:
        template = rng.choice(SENTENCES[language])
    return _voiced(rng, author, language, _fill(rng, template, language, dialect, topic)), language


def reply(rng: random.Random, author: User, topic: Topic | None) -> tuple[str, str]:
    """An answer to a post about ``topic``, and its language."""
    language = author.language
    template = rng.choice(REPLIES[language])
    dialect = _dialect(author, topic)
    return _voiced(rng, author, language, _fill(rng, template, language, dialect, topic)), language


def chatter(rng: random.Random, author: User) -> tuple[str, str]:
    """Small talk, and its language."""
    language = author.language
    dialect = author.community.dialects[language]
    text = _fill(rng, rng.choice(CHATTER[language]), language, dialect, None)
    return _voiced(rng, author, language, text), language


def spam(rng: random.Random) -> str:
    """The text that one campaign pastes everywhere."""
    return rng.choice(SPAM_TEXTS).format(amount=rng.choice((50, 70, 250, 500, 900, 1000)))


def title(rng: random.Random, topic: Topic) -> str:
    """A video's title about a topic, without its label."""
    noun = rng.choice(topic.nouns)
    if topic.perennial:
        return f"{topic.entity}: {noun}"
    return f"{topic.entity} {topic.kind}: {noun}"


def _language(author: User, topic: Topic) -> str:
    return author.language if author.language in topic.community.dialects else topic.language


def _dialect(author: User, topic: Topic | None) -> Dialect:
    if topic is not None and author.language in topic.community.dialects:
        return topic.community.dialects[author.language]
    return author.community.dialects[author.language]


def _fill(rng: random.Random, template: str, language: str, dialect: Dialect, topic: Topic | None) -> str:
    nouns = topic.nouns if topic is not None and language == topic.language else dialect.nouns
    noun, noun2 = rng.sample(nouns, 2)
    return template.format(
        entity=topic.entity if topic is not None else "",
        kind=(topic.kind or noun) if topic is not None else noun,
        noun=noun,
        noun2=noun2,
        mood=rng.choice(MOODS[language]),
    )


def _voiced(rng: random.Random, author: User, language: str, text: str) -> str:
    if author.gen_z and language == "en" and rng.random() < _SLANG_SHARE:
        return f"{text.lower()} {rng.choice(SLANG)}"
    return text
