"""The dashboard: one page at `/` and its files, which read from the API as any other client does."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: Nothing is loaded from elsewhere, and no text that was posted can run; the charts write styles.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # A new release is seen at once; what is unchanged is not sent again.
    "Cache-Control": "no-cache",
}


class _Files(StaticFiles):
    """The page's files with its headers."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers.update(_HEADERS)
        return answer


def install(app: FastAPI) -> None:
    """Adds the page at `/` and its files under `/page`; all addresses are relative, for proxies with a prefix."""
    folder = _folder()

    @app.get("/", include_in_schema=False)
    def dashboard() -> FileResponse:
        return FileResponse(folder / "index.html", headers=_HEADERS)

    app.mount("/page", _Files(directory=folder), name="page")


def _folder() -> Path:
    with as_file(files("api") / "page") as folder:
        return folder
