"""Simulated uploads and comments on YouTube."""

from __future__ import annotations

import random
from collections import deque

from trend_assets.simulator import texts
from trend_assets.simulator.attention import Attention
from trend_assets.simulator.population import User
from trend_assets.simulator.timeline import Comment, Video
from trend_assets.simulator.topics import Topic

_MS_PER_HOUR = 3_600_000
_REMEMBERED = 60
_UPLOADS = 0.3
_LABELLED_COMMENT = 0.35


class VideoSite:
    """Uploads and comments; creators talk about what reaches them on X and from the outside world."""

    def __init__(self, attention: Attention) -> None:
        self._attention = attention
        self._videos: deque[Video] = deque(maxlen=_REMEMBERED)

    def act(
        self, rng: random.Random, user: User, now: int, key: str, news: list[tuple[Topic, float]]
    ) -> Video | Comment:
        """What ``user`` does at ``now`` (ms since 1970): a creator may upload, anyone may comment.

        ``key`` tells apart everything that is made; ``news`` is the outside world with its intensities.
        """
        creative = 3 * _UPLOADS if user.creator else _UPLOADS / 3
        if not self._videos or rng.random() < creative:
            video = self._upload(rng, user, now, key, news)
            self._videos.append(video)
            return video
        return self._comment(rng, user, now, key)

    def _upload(self, rng: random.Random, user: User, now: int, key: str, news: list[tuple[Topic, float]]) -> Video:
        topic = self._attention.choose(rng, user, now, news)
        if topic is None:
            title, language = texts.chatter(rng, user)
            description = title
        else:
            title = f"{texts.title(rng, topic)} {topic.label}"
            sentence, language = texts.about(rng, user, topic)
            description = f"{sentence}\n\n{topic.label}"
        return Video(
            milliseconds=now,
            key=key,
            creator=user,
            title=title,
            description=description,
            language=language,
            topics=(topic,) if topic is not None else (),
            seconds=int(rng.lognormvariate(5.8, 0.9)) + 15,
            appeal=user.followers_count * rng.lognormvariate(0.5, 0.9),
        )

    def _comment(self, rng: random.Random, user: User, now: int, key: str) -> Comment:
        videos = list(self._videos)
        weights = [self._draw(user, video, now) for video in videos]
        video = rng.choices(videos, weights)[0]
        topic = video.topics[0] if video.topics else None
        text, _ = texts.reply(rng, user, topic)
        labelled = topic is not None and rng.random() < _LABELLED_COMMENT
        if topic is not None and labelled:
            text = f"{text} {topic.label}"
        comment = Comment(now, key, user, video, text, video.topics if labelled else ())
        video.comments.append(now)
        return comment

    @staticmethod
    def _draw(user: User, video: Video, now: int) -> float:
        interest = user.interests[video.topics[0].interest] if video.topics else 0.1
        hours = (now - video.milliseconds) / _MS_PER_HOUR
        return float((0.02 + interest) * (1 + video.appeal) ** 0.5 * 0.5 ** (hours / 12))
