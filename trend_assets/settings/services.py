"""Settings of the API, with the dashboard on it, and of the Dagster UI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from trend_assets.settings.section import Section


class ApiKey(Section):
    """Who may ask the API for what; the key itself is kept nowhere."""

    name: str = Field(description="Whose key it is.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the key, in hex: `trend api-key NAME`.")
    scopes: list[Literal["read", "operate"]] = Field(["read"], description="`read`, and `operate` to start runs.")


class ApiSettings(Section):
    """The read API and the dashboard on it."""

    host: str = Field("127.0.0.1", description="Address it listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port it listens on.")
    keys: list[ApiKey] = Field(
        default_factory=list, description="Keys (name, sha256, scopes); `trend api-key NAME` makes one."
    )
    exposed: bool = Field(
        False, description="Listen on an address that others reach without a key: a proxy with a log-in is in front."
    )
    open_reads: bool = Field(True, description="Reading needs no key; starting runs always does.")
    cors_origins: list[str] = Field(default_factory=list, description="Origins whose pages may read the API.")
    requests_per_minute: int = Field(30_000, ge=1, description="Requests a minute of one key or address.")
    query_seconds: float = Field(10, gt=0, description="Longest time of one query of the lake.")
    memory_limit: str = Field("1GB", description="DuckDB's memory limit in the API.")
    max_days: int = Field(400, ge=1, description="Longest span of time that one request may ask for.")


class DagsterSettings(Section):
    """Dagster: its webserver, and where the steps of a run are done."""

    host: str = Field("127.0.0.1", description="Address that the webserver listens on.")
    port: int = Field(3000, ge=1, le=65535, description="Port that it listens on.")
    exposed: bool = Field(
        False, description="`trend up` may open the UI to other machines: a proxy with a log-in is in front."
    )
    executor: Literal["in_process", "multiprocess", "celery", "docker", "k8s"] = Field(
        "in_process", description="Where the steps of a run are done: one process, one a step, or elsewhere."
    )
    executor_config: dict[str, Any] = Field(
        default_factory=dict, description="What Dagster's executor of that name takes, e.g. {max_concurrent: 2}."
    )
    keep_days: int = Field(
        14, ge=8, description="Days for which Dagster keeps its records of a run that has ended; the lake is not meant."
    )
