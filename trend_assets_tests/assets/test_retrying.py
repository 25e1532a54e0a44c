"""Which failed steps are tried again."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from trend_assets.assets.retrying import RETRY_POLICY, retried
from trend_assets.lake.location import LakeError, LakeUnavailable


def tries(error: Exception) -> int:
    """How often a step runs that fails with the error at first, and then no more."""
    seen = []

    @retried
    def step() -> Iterator[dg.Output[None]]:
        seen.append(1)
        if len(seen) == 1:
            raise error
        yield dg.Output(None)

    made = dg.asset(name="one", retry_policy=dg.RetryPolicy(max_retries=RETRY_POLICY.max_retries))(step)
    result = dg.materialize([made], raise_on_error=False)
    assert result.success == (len(seen) > 1)
    return len(seen)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (LakeUnavailable("another process writes"), 2),
        (LakeError("the keys are refused"), 1),
        (KeyError("hour"), 1),
        (dg.Failure("a check failed", allow_retries=False), 1),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(error: Exception, expected: int) -> None:
    assert tries(error) == expected
