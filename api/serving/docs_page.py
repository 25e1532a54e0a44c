"""The interactive API documentation (FastAPI's own), with scripts that are served from here."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

#: Kept by fastapi-offline, which has what FastAPI's page would load from a server far away.
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
#: No question of the page goes to another server; every section is open, and each request tells how long it took.
_PARAMETERS = {
    "validatorUrl": None,
    "deepLinking": True,
    "displayRequestDuration": True,
    "filter": True,
    "defaultModelsExpandDepth": 0,
    "tryItOutEnabled": True,
}


def install(app: FastAPI) -> None:
    """Adds the page at `/docs`; all addresses are relative, for proxies with a prefix."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        script, style, icon = (f"docs/{name}" for name in _ASSETS)
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=f"{app.title} API",
            swagger_js_url=script,
            swagger_css_url=style,
            swagger_favicon_url=icon,
            swagger_ui_parameters=_PARAMETERS,
        )

    @app.get("/docs/{name}", include_in_schema=False)
    def asset(name: str) -> FileResponse:
        if name not in _ASSETS:
            raise HTTPException(404, f"no file {name!r} belongs to the description")
        return FileResponse(_folder() / name, headers={"Cache-Control": "public, max-age=86400"})


def _folder() -> Path:
    with as_file(files("fastapi_offline") / "static") as folder:
        return folder
