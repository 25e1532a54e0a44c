"""Which failures of a request are tried again, how often, and after which pauses."""

from __future__ import annotations

from typing import get_args

import pytest

from trend_assets.sources.collector import CollectorError, Failure
from trend_assets.sources.retrying import ATTEMPTS, retrying

TRANSIENT = {"server", "network", "answer"}


class Failing:
    """Fails a few times, then answers."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.times, self.calls = error, times, 0

    def __call__(self, answer: str) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return answer


def test_a_transient_failure_is_tried_again_after_growing_pauses() -> None:
    pauses: list[float] = []
    ask = Failing(CollectorError("server", "503"), ATTEMPTS - 1)
    assert retrying(sleep=pauses.append)(ask, "an answer") == "an answer"
    assert ask.calls == ATTEMPTS and len(pauses) == ATTEMPTS - 1
    assert all(0.5 * 2**index <= pause <= 0.5 * 2**index + 0.5 for index, pause in enumerate(pauses))


def test_the_last_failure_is_raised_as_it_is() -> None:
    error = CollectorError("network", "it cannot be reached")
    ask = Failing(error, 99)
    with pytest.raises(CollectorError) as raised:
        retrying(sleep=lambda _: None)(ask, "an answer")
    assert raised.value is error and ask.calls == ATTEMPTS


@pytest.mark.parametrize("failure", get_args(Failure))
def test_only_transient_failures_are_tried_again(failure: Failure) -> None:
    ask = Failing(CollectorError(failure, "no"), 1)
    again = retrying(sleep=lambda _: None)
    if failure in TRANSIENT:
        assert again(ask, "an answer") == "an answer"
    else:
        with pytest.raises(CollectorError):
            again(ask, "an answer")
    assert ask.calls == (2 if failure in TRANSIENT else 1)


def test_a_mistake_of_ours_is_not_tried_again() -> None:
    ask = Failing(KeyError("hour"), 1)
    with pytest.raises(KeyError):
        retrying(sleep=lambda _: None)(ask, "an answer")
    assert ask.calls == 1


def test_one_attempt_waits_for_nothing() -> None:
    pauses: list[float] = []
    with pytest.raises(CollectorError):
        retrying(1, pauses.append)(Failing(CollectorError("server", "503"), 1), "an answer")
    assert pauses == []
