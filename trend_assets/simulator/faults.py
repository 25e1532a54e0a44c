"""Fault injection for the mock server: the platforms' typical errors, at a rate, by seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from trend_assets.simulator.refusals import REFUSALS, refusal
from trend_assets.simulator.serving import Answer, SimulatedRequest
from trend_assets.simulator.spoiling import SPOILS, Spoiler

#: Done to the bytes of an answer: the line goes dead or silent in the middle, the rest is missing, or no text.
_BREAKS = ("cut", "stalled", "truncated", "not_utf8")
KINDS = ("redirect", *REFUSALS, *_BREAKS, *SPOILS)


class Faults:
    """A fault in a share of the requests.

    Args:
        rate: the share, from 0 to 1, all kinds together.
        kinds: which; all of `KINDS` where left out.
        seed: of chance.
        elsewhere: the address of another host, where redirects lead.
        stall_seconds: how long a line stays silent before it goes dead.
        script: the faults of the first requests, in their order, None for none; chance comes after it.
    """

    def __init__(
        self,
        rate: float = 0.0,
        kinds: Sequence[str] = KINDS,
        seed: int = 0,
        elsewhere: str = "http://127.0.0.1:9",
        stall_seconds: float = 45.0,
        script: Sequence[str | None] = (),
    ) -> None:
        unknown = sorted({*kinds, *filter(None, script)} - set(KINDS))
        if unknown or not 0 <= rate <= 1:
            raise ValueError(f"faults are a rate from 0 to 1 of {', '.join(KINDS)}, not {rate} of {unknown or kinds}")
        self.rate, self.kinds, self.elsewhere, self.stall_seconds = rate, tuple(kinds), elsewhere, stall_seconds
        self.made: list[str] = []
        self._script = list(script)
        self._random = random.Random(seed)
        self._spoiler = Spoiler()
        self._lock = threading.Lock()

    @property
    def deleted(self) -> frozenset[str]:
        """Ids of what was deleted: from then on, no answer holds it."""
        return frozenset(self._spoiler.deleted)

    def pick(self) -> str | None:
        """The fault of the next request, if it has one."""
        with self._lock:
            if self._script:
                fault = self._script.pop(0)
            else:
                fault = self._random.choice(self.kinds) if self._random.random() < self.rate else None
            if fault is not None:
                self.made.append(fault)
            return fault

    def instead(self, fault: str | None, request: SimulatedRequest) -> Answer | None:
        """What is answered in place of the answer; None where the fault is none of these."""
        if fault == "redirect":
            address = f"{self.elsewhere}{request.path}?{urlencode(request.parameters)}"
            return Answer(302, b"", {"Location": address})
        return refusal(fault, request) if fault in REFUSALS else None

    def spoil(self, fault: str | None, request: SimulatedRequest, answer: Answer) -> Answer:
        """The answer with the fault done to it."""
        if answer.status != 200:
            return answer
        with self._lock:
            answer = self._spoiler.spoil(fault if fault in SPOILS else None, request, answer)
        half = len(answer.body) // 2
        if fault == "cut":
            return replace(answer, cut_after=half)
        if fault == "stalled":
            return replace(answer, cut_after=half, silence=self.stall_seconds)
        if fault == "truncated":
            return replace(answer, body=answer.body[:half])
        if fault == "not_utf8":
            return replace(answer, body=answer.body[:half] + b"\xff\xfe" + answer.body[half:])
        return answer
