"""The API's description as one page, made here: the usual page loads its program from a server far away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; text-transform: capitalize; }
h3 { margin: 2rem 0 .3rem; font: 600 1.1rem ui-monospace, monospace; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8885; }
code { font-family: ui-monospace, monospace; }
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document; it needs neither scripts nor the network.

    Args:
        document: as the application describes itself.
    """
    info = document["info"]
    parts = "\n".join(_groups(document["paths"]))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info.get('summary', ''))}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a>. Times are UTC; every error is a problem as '
        f"RFC 9457 has it.</p>{parts}</main></body></html>"
    )


def _groups(paths: Mapping[str, Any]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for path, item in paths.items():
        for method, operation in item.items():
            groups.setdefault(operation.get("tags", ["more"])[-1], []).append(_operation(path, method, operation))
    for name in sorted(groups):
        yield f"<section><h2>{escape(name)}</h2>{''.join(groups[name])}</section>"


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    shown = escape(path)
    # What needs no more than its address can be tried here.
    linked = f'<a href="{shown.lstrip("/")}">{shown}</a>' if method == "get" and "{" not in path else shown
    told = escape(operation.get("description", "")).replace("\n\n", "</p><p>")
    head = f"<h3>{method.upper()} {linked}</h3><p>{told}</p>"
    return f"<article>{head}{_parameters(operation)}{_answers(operation)}</article>"


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{escape(_kind(one.get('schema', {})))}</td><td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", [])
    ]
    if not rows:
        return ""
    head = "<tr><th>parameter</th><th>in</th><th>type</th><th>meaning</th></tr>"
    return f'<div class="table" tabindex="0"><table>{head}{"".join(rows)}</table></div>'


def _kind(schema: Mapping[str, Any]) -> str:
    """A parameter's type and default in few words."""
    options = schema.get("anyOf", [schema])
    names = [str(one.get("format", one.get("type", one.get("$ref", "").rsplit("/", 1)[-1]))) for one in options]
    kind = " or ".join(name for name in names if name != "null")
    return f"{kind}, default {schema['default']}" if schema.get("default") not in (None, "") else kind


def _answers(operation: Mapping[str, Any]) -> str:
    told = [
        f"<code>{escape(status)}</code> {escape(one['description'])}" for status, one in operation["responses"].items()
    ]
    return f"<p>Answers: {'; '.join(told)}</p>"
