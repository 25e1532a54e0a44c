"""`trend api-key`: creates a key for the API."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated

import typer
import yaml


def api_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    operate: Annotated[bool, typer.Option("--operate", help="May start runs, and not only read.")] = False,
) -> None:
    """Make a key of the API: shown once, and its hash for the settings.

    Example: trend api-key analyst
    """
    key = secrets.token_urlsafe(32)
    scopes = ["read", "operate"] if operate else ["read"]
    entry = {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), "scopes": scopes}
    typer.echo(f"# The key, shown this once: {key}")
    typer.echo("# For the settings (trend.yaml):")
    typer.echo(yaml.safe_dump({"api": {"keys": [entry]}}, sort_keys=False).strip())
