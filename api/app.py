"""The application: `uvicorn api.app:app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.lake import reader
from api.models import Problem
from api.routes import events, health, predictions
from trend_assets import __version__
from trend_assets.errors import TrendError


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    reader.close()


app = FastAPI(
    title="trend_assets",
    version=__version__,
    summary="Which topics will rise, how sure the forecast is, and how often it was right.",
    lifespan=_lifespan,
    responses={
        422: {"model": Problem, "description": "A parameter is wrong."},
        503: {"model": Problem, "description": "The lake cannot be read now."},
    },
)
for module in (health, predictions, events):
    app.include_router(module.router)


def _problem(status: int, title: str, detail: str) -> JSONResponse:
    problem = Problem(title=title, status=status, detail=detail)
    return JSONResponse(problem.model_dump(), status_code=status, media_type="application/problem+json")


@app.exception_handler(TrendError)
async def _lake_unavailable(_: Request, error: TrendError) -> JSONResponse:
    return _problem(503, "the lake cannot be read", str(error))


@app.exception_handler(RequestValidationError)
async def _wrong_parameter(_: Request, error: RequestValidationError) -> JSONResponse:
    parts = [f"{'.'.join(str(place) for place in item['loc'])}: {item['msg']}" for item in error.errors()]
    return _problem(422, "a parameter is wrong", "; ".join(parts))


@app.exception_handler(HTTPException)
async def _http(_: Request, error: HTTPException) -> JSONResponse:
    return _problem(error.status_code, str(error.detail), f"{error.status_code}: {error.detail}")
