"""The web application; `uvicorn --factory api.app:app` serves it for the settings in force."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import Response

from api.pipeline.dagster_client import DagsterClient
from api.reading.feed import Feed
from api.reading.lake import LakeReader
from api.reading.pool import AT_ONCE
from api.reading.text_model import TextModel
from api.routes import (
    accuracy,
    alerts,
    atom,
    cards,
    collection,
    events,
    export,
    health,
    predictions,
    runs,
    stream,
    summary,
    topics,
    training,
)
from api.serving import dashboard_page, docs_page, problems
from api.serving.caching import SnapshotCache
from api.serving.keys import Guard
from api.serving.metrics import Metered, Meters
from api.serving.strict import known_parameters
from api.serving.warming import Warming
from trend_assets import __version__
from trend_assets.settings import Settings, load_settings

_ROUTES = (
    health,
    summary,
    predictions,
    cards,
    atom,
    topics,
    events,
    collection,
    training,
    accuracy,
    alerts,
    export,
    runs,
    stream,
)
#: Not cached: their answers depend on more than the lake's snapshot.
_NOT_CACHED = ("/docs", "/feed.atom", "/page/", "/metrics", "/runs/", "/scheduler/", "/stream")
#: Threads for answers. The lake is asked by few at a time, and many that take turns are all late.
_ANSWERED_AT_ONCE = 2 * AT_ONCE
#: Cached for a short time: their answers also depend on the time, since quotas are of a month or a day.
_TIMED = ("/collection/",)


class _WithoutQuery(logging.Filter):
    """Removes query strings from the access log: they may hold personal data."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, *rest = record.args
            record.args = (client, method, str(path).partition("?")[0], *rest)
        return True


def _before_signals(close: Callable[[], None]) -> None:
    """Calls `close` on SIGINT and SIGTERM: open streams would otherwise keep the server from shutting down."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def stop(given: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(close)
            if callable(before):
                before(given, frame)

        signal.signal(number, stop)


def create_app(settings: Settings) -> FastAPI:
    """The application for these settings."""
    reader = LakeReader(settings)
    meters = Meters()
    dagster = DagsterClient(settings.dagster)
    feed = Feed(reader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        logging.getLogger("uvicorn.access").addFilter(_WithoutQuery())
        current_default_thread_limiter().total_tokens = _ANSWERED_AT_ONCE
        _before_signals(feed.close)
        yield
        reader.close()
        await dagster.close()

    app = FastAPI(
        title="trend_assets",
        version=__version__,
        summary="Which topics will rise, how sure the forecast is, and how often it was right.",
        lifespan=lifespan,
        responses=problems.RESPONSES,
        dependencies=[Depends(known_parameters)],
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.reader = reader
    app.state.dagster = dagster
    app.state.text_model = TextModel(settings.embeddings)
    app.state.feed = feed
    for module in _ROUTES:
        app.include_router(module.router)

    @app.get("/metrics", tags=["health"], response_class=Response)
    async def metrics(request: Request) -> Response:
        """Requests, latencies, lags, queues and live accuracy in Prometheus' text format."""
        meters.count_runs(await dagster.queues())
        told = await run_in_threadpool(meters.exposition, reader)
        return Response(told, media_type="text/plain; version=0.0.4; charset=utf-8")

    dashboard_page.install(app)
    docs_page.install(app)
    problems.install(app)
    # The middleware added last is outermost, so that cached answers are stored compressed.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SnapshotCache, reader=reader, passed=_NOT_CACHED, timed=_TIMED)
    app.add_middleware(Warming)
    app.add_middleware(Guard, settings=settings.api)
    app.add_middleware(Metered, meters=meters)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.api.cors_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "If-None-Match", "Idempotency-Key"],
        expose_headers=["ETag"],
    )
    return app


def app() -> FastAPI:
    """The application for the settings in force; importing this module reads none."""
    return create_app(load_settings())
