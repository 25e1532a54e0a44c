"""Error responses of each platform, in its own format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trend_assets.simulator.serving import Answer, SimulatedRequest

#: By status; 429 without a word on when it ends, with it (``429_reset``), and by a clock that is wrong
#: (``clock_skew``).
REFUSALS = ("401", "403", "429", "429_reset", "clock_skew", "500", "503")

_MINUTE = timedelta(minutes=1)
_WRONG_BY = timedelta(days=3650)
_YOUTUBE_REASONS = {401: "authError", 403: "accessNotConfigured", 429: "rateLimitExceeded"}
_X_TITLES = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests"}
_BLUESKY_ERRORS = {
    401: ("AuthMissing", "Authentication Required"),
    403: ("Forbidden", "Forbidden"),
    429: ("RateLimitExceeded", "Rate Limit Exceeded"),
}
_MASTODON_ERRORS = {
    401: "This method requires an authenticated user",
    403: "This action is not allowed",
    429: "Too many requests",
}


def refusal(fault: str, request: SimulatedRequest) -> Answer:
    """A refusal of one of `REFUSALS`."""
    status = 429 if fault == "clock_skew" else int(fault[:3])
    wait = {"429_reset": _MINUTE, "clock_skew": _WRONG_BY}.get(fault)
    reset = None if wait is None else request.now + wait
    if request.path.startswith("/2/"):
        return _x(status, reset)
    if request.path.startswith("/youtube/"):
        return _youtube(status)
    if request.path.startswith("/xrpc/"):
        name, message = _BLUESKY_ERRORS.get(status, ("InternalServerError", "Internal Server Error"))
        headers = {} if reset is None else {"ratelimit-reset": str(int(reset.timestamp()))}
        return Answer.json({"error": name, "message": message}, status, headers)
    if request.path.startswith("/api/v1/"):
        headers = {} if reset is None else {"X-RateLimit-Reset": _stamp(reset)}
        return Answer.json({"error": _MASTODON_ERRORS.get(status, "Internal error")}, status, headers)
    headers = {} if wait is None else {"Retry-After": str(int(wait.total_seconds()))}
    page = b"<html><title>Error</title></html>"
    return Answer(status, page, {"Content-Type": "text/html; charset=UTF-8", **headers})


def _x(status: int, reset: datetime | None) -> Answer:
    title = _X_TITLES.get(status, "Service Unavailable")
    headers = {} if reset is None else {"x-rate-limit-reset": str(int(reset.timestamp()))}
    return Answer.json({"title": title, "type": "about:blank", "status": status, "detail": title}, status, headers)


def _youtube(status: int) -> Answer:
    reason = _YOUTUBE_REASONS.get(status, "backendError")
    details = [{"message": reason, "domain": "global", "reason": reason}]
    return Answer.json({"error": {"code": status, "message": reason, "errors": details}}, status)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
