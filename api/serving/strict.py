"""Refuses unknown query parameters: a misspelt filter would silently give a wrong answer."""

from __future__ import annotations

from collections import Counter

from fastapi import Request

from api.reading.known import Unknown, refuse_unknown


async def known_parameters(request: Request) -> None:
    """A dependency of all routes: refuses query parameters that the route does not declare, and repeated ones.

    Raises:
        Unknown: it holds another one, or one twice.
    """
    described = request.app.openapi()["paths"].get(request.scope["route"].path_format, {})
    if not request.query_params or not described:
        return
    parameters = described[request.method.lower()].get("parameters", [])
    known = [one["name"] for one in parameters if one["in"] == "query"]
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        refuse_unknown("the query", name, known)
        if times > 1:
            raise Unknown(f"the query: {name!r} stands there {times} times, ask for one")
