"""The OpenAPI document is kept in step, and what it allows never breaks the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import openapi

DOCUMENT = json.loads(openapi.FILE.read_text(encoding="utf-8"))
READS = sorted(path for path, item in DOCUMENT["paths"].items() if "get" in item and path != "/stream")
#: Without a Dagster webserver these say so.
NEEDS_DAGSTER = {"/runs/{run_id}"}
STATUSES = {200, 404, 422}


def test_the_exported_document_is_the_applications(home: Path) -> None:
    assert openapi.document() == openapi.FILE.read_text(encoding="utf-8"), "run `python -m api.openapi`"


def test_every_answer_and_parameter_is_described(home: Path) -> None:
    for path in READS:
        operation = DOCUMENT["paths"][path]["get"]
        assert operation["description"], path
        assert {"422", "503"} <= set(operation["responses"]), path
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema.get("description") or name.startswith(("HTTPValidation", "Validation")), name


TEXTS = st.one_of(
    st.sampled_from(["#topic0", "'; DROP TABLE events; --", "../../etc/passwd", "%00", "\x00", "💥", "a" * 500, "-1"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
MOMENTS = st.one_of(
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.sampled_from(["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "9999-12-31T23:59:59-12:00", "2024-01-01"]),
)


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What a parameter allows, and sometimes what it does not."""
    for part in schema.get("anyOf", []):
        if part.get("type") != "null":
            schema = part
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), TEXTS)
    if schema.get("format") == "date-time":
        return st.one_of(MOMENTS, TEXTS)
    if schema.get("type") == "integer":
        return st.one_of(st.integers(schema.get("minimum", 0), schema.get("maximum", 1000)), st.integers(), TEXTS)
    if schema.get("type") == "number":
        return st.one_of(st.floats(0, 1), st.floats(), TEXTS)
    return TEXTS


def requests(path: str) -> st.SearchStrategy[dict[str, Any]]:
    parameters = DOCUMENT["paths"][path]["get"].get("parameters", [])
    queries = {item["name"]: values(item["schema"]) for item in parameters if item["in"] == "query"}
    places = {item["name"]: values(item["schema"]) for item in parameters if item["in"] == "path"}
    return st.fixed_dictionaries(
        {"query": st.fixed_dictionaries({}, optional=queries), "place": st.fixed_dictionaries(places)}
    )


@pytest.mark.parametrize("path", READS)
def test_no_question_breaks_the_api(path: str, client: httpx.Client) -> None:
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(asked=requests(path))
    def ask(asked: dict[str, Any]) -> None:
        filled = path.format(**{name: quote(str(value), safe="") for name, value in asked["place"].items()})
        answer = client.get(filled, params=asked["query"])
        allowed = STATUSES | ({503, 200} if path in NEEDS_DAGSTER or path == "/health" else set())
        assert answer.status_code in allowed, (answer.url, answer.text)
        if answer.status_code >= 400 and path != "/health":
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    ask()
