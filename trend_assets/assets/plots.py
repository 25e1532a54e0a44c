"""Small bar charts for asset metadata: SVG inside Markdown, which the Dagster UI shows."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import dagster as dg

_ROW = 22
_LABEL = 240
_BAR = 320


def bars(labels: Sequence[str], values: Sequence[float], title: str) -> dg.MarkdownMetadataValue:
    """A horizontal bar for each value, longest first as given; values are written beside them."""
    top = max([*values, 0.0]) or 1.0
    rows = []
    for index, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = 30 + index * _ROW
        width = _BAR * max(value, 0.0) / top
        rows.append(
            f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(_short(label))}</text>'
            f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="16" rx="2" fill="#4f43dd"/>'
            f'<text x="{_LABEL + width + 6:.1f}" y="{y + 12}">{value:g}</text>'
        )
    height = 40 + len(labels) * _ROW
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _BAR + 80}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="8" y="18" font-weight="bold">{escape(title)}</text>{"".join(rows)}</svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{encoded})")


def _short(label: str) -> str:
    return label if len(label) <= 34 else label[:33] + "…"
