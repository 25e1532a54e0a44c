"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.models.common import Problem
from api.pipeline.dagster_client import DagsterRefused
from api.reading.known import Unknown, no_such
from api.reading.spans import WrongMoment
from trend_assets.errors import TrendError
from trend_assets.lake.connection import LakeError

_log = logging.getLogger("api")


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem as an answer."""
    found = Problem(title=title, status=status, detail=detail)
    return JSONResponse(found.model_dump(), status, dict(headers or {}), media_type="application/problem+json")


#: What any route may answer.
RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "A key is needed, or the one that was sent is not known."},
    422: {"model": Problem, "description": "A parameter is wrong."},
    429: {"model": Problem, "description": "Too many requests."},
    503: {"model": Problem, "description": "The lake cannot be read now, or too much is asked at a time."},
}


def describe(document: dict[str, Any], open_reads: bool) -> dict[str, Any]:
    """The OpenAPI document with what FastAPI cannot be told of: problems' own media type, and keys for reading."""
    for item in document["paths"].values():
        for method, operation in item.items():
            if method == "get" and not open_reads:
                operation["security"] = [{"HTTPBearer": []}]
            for answer in operation["responses"].values():
                content = answer.get("content", {})
                if content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith("/Problem"):
                    content["application/problem+json"] = content.pop("application/json")
    return document


def install(app: FastAPI) -> None:
    """Answers every error of the application as a problem, and says so in its description."""
    plain = app.openapi
    open_reads = app.state.settings.api.open_reads
    app.openapi = lambda: app.openapi_schema or describe(plain(), open_reads)  # type: ignore[method-assign]

    @app.exception_handler(LakeError)
    async def _lake(_: Request, error: LakeError) -> JSONResponse:
        return problem(503, "the lake cannot be read", str(error), {"Retry-After": "5"})

    @app.exception_handler(WrongMoment)
    async def _span(_: Request, error: WrongMoment) -> JSONResponse:
        return problem(422, "a parameter is wrong", str(error))

    @app.exception_handler(Unknown)
    async def _unknown(_: Request, error: Unknown) -> JSONResponse:
        return problem(422, "a parameter is wrong", str(error))

    @app.exception_handler(DagsterRefused)
    async def _refused(_: Request, error: DagsterRefused) -> JSONResponse:
        return problem(409, "the run was not started", str(error))

    @app.exception_handler(TrendError)
    async def _unavailable(_: Request, error: TrendError) -> JSONResponse:
        return problem(503, "not available now", str(error), {"Retry-After": "5"})

    @app.exception_handler(RequestValidationError)
    async def _parameter(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, "a parameter is wrong", "; ".join(map(_told, error.errors())))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, _TITLES.get(error.status_code, "refused"), str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(500, "an error of the API", "what happened is in the API's log")


def _told(item: Mapping[str, Any]) -> str:
    where = ".".join(str(place) for place in item["loc"])
    if item["type"] in {"enum", "literal_error"}:
        return f"{where}: {no_such(str(item['input']), _WORD.findall(item['ctx']['expected']))}"
    if item["type"] == "timezone_aware":
        return f"{where}: names no time zone: write it as 2026-02-02T12:00:00Z"
    return f"{where}: {item['msg']}"


_WORD = re.compile(r"'([^']*)'")
_TITLES = {400: "the body is not JSON", 404: "not found", 405: "method not allowed", 422: "a parameter is wrong"}
