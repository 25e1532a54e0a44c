"""What somebody who means harm may try, on every route that there is."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from starlette.routing import BaseRoute, Mount

import api.serving.keys
from api.app import create_app
from api.models.common import Problem
from api.reading.lake import LakeReader
from trend_assets.lake.connection import LakeError, LakeLocation
from trend_assets.lake.store import Lake
from trend_assets.settings import ApiSettings, DagsterSettings, Settings
from trend_assets_tests.api.test_keys import KEYS, OPERATE, READ, bearer, hashed

#: They tell nothing of the lake.
OPEN = {"/", "/docs", "/docs/{name}", "/openapi.json", "/page/style.css"}
INJECTIONS = (
    "' OR 1=1 --",
    "'; DROP TABLE predictions; --",
    '" UNION SELECT raw_data FROM raw_events --',
    "$1 ?",
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "a\r\nSet-Cookie: stolen=1",
    "\U0001d49c" * 150,
)


def walk(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Every path and method of an application, those that its description hides included."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walk(inner.routes)
        elif isinstance(route, Mount):
            yield f"{route.path}/style.css", "GET"
        else:
            yield from ((route.path, method) for method in route.methods)  # type: ignore[attr-defined]


def all_routes() -> list[tuple[str, str]]:
    application = create_app(Settings(home=Path("/nowhere")))
    return sorted(set(walk(application.routes)))


ROUTES = all_routes()
GUARDED = [(path, method) for path, method in ROUTES if path not in OPEN and method != "HEAD"]
CHANGING = [(path, method) for path, method in GUARDED if method != "GET"]


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "abc", path)


@pytest.fixture(scope="module")
def guarded(filled_home: Path, serve: Callable[[Settings], Any]) -> Iterator[httpx.Client]:
    """An API whose reads need a key, and whose Dagster is down."""
    settings = Settings(
        home=filled_home,
        api=ApiSettings(keys=KEYS, open_reads=False, cors_origins=["https://good.example"]),
        dagster=DagsterSettings(port=1),
    )
    with serve(settings) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/openapi.json").json())


def test_the_walk_finds_what_the_description_says(document: dict[str, Any]) -> None:
    described = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    found = {(path.replace(":path}", "}"), method) for path, method in ROUTES}
    assert described <= found
    assert {"/topics/{topic:path}", "/stream", "/metrics"} <= {path for path, _ in ROUTES}


def test_the_description_asks_for_a_key_where_one_is_needed(guarded: httpx.Client, document: dict[str, Any]) -> None:
    def locked(paths: dict[str, Any]) -> set[str]:
        return {
            method for item in paths.values() for method, one in item.items() if {} not in one.get("security", [{}])
        }

    def opened(paths: dict[str, Any]) -> set[str]:
        return {method for item in paths.values() for method, one in item.items() if not one.get("security")}

    closed = guarded.get("/openapi.json").json()["paths"]
    assert (locked(closed), opened(closed)) == ({"get", "post"}, set())
    assert (locked(document["paths"]), opened(document["paths"])) == ({"post"}, {"get"})


@pytest.mark.parametrize(("path", "method"), GUARDED)
def test_no_route_answers_without_a_key_that_is_known(guarded: httpx.Client, path: str, method: str) -> None:
    for headers in ({}, bearer("wrong"), bearer(hashed(READ)), {"Authorization": READ}, {"X-Api-Key": READ}):
        refused = guarded.request(method, filled(path), headers=headers)
        assert refused.status_code == 401, headers
        assert refused.headers["content-type"] == "application/problem+json"
    assert guarded.request(method, filled(path), params={"api_key": READ, "token": READ}).status_code == 401


@pytest.mark.parametrize(("path", "method"), CHANGING)
def test_what_changes_something_needs_operate(
    guarded: httpx.Client, client: httpx.Client, path: str, method: str
) -> None:
    assert guarded.request(method, filled(path), headers=bearer(READ)).status_code == 403
    assert client.request(method, filled(path)).status_code == 401, "open reads open no more than reads"
    for disguise in ({"X-HTTP-Method-Override": "GET"}, {"X-Original-Method": "GET"}):
        assert client.request(method, filled(path), headers=disguise).status_code == 401


@pytest.mark.parametrize(("path", "method"), [route for route in GUARDED if route[0] != "/stream"])
def test_a_known_key_is_let_in(guarded: httpx.Client, path: str, method: str) -> None:
    key = READ if method == "GET" else OPERATE
    # There is no Dagster, no topic and no run of that name; but nobody is refused.
    assert guarded.request(method, filled(path), headers=bearer(key)).status_code in {200, 202, 404, 422, 503}


def test_injections_are_words_and_nothing_else(
    client: httpx.Client, document: dict[str, Any], filled_home: Path
) -> None:
    before = tables(filled_home)
    for path, item in document["paths"].items():
        if "get" not in item or path == "/stream":
            continue
        named = [one["name"] for one in item["get"].get("parameters", []) if one["in"] == "query"]
        for name in named:
            for text in INJECTIONS:
                answer = client.get(filled(path), params={name: text})
                assert answer.status_code in {200, 404, 422} or path.startswith("/runs"), (path, name, text)
                assert "set-cookie" not in answer.headers and "stolen" not in answer.headers
                refuse_leaks(answer, filled_home)
    for text in INJECTIONS:
        for path in ("/topics/", "/runs/"):
            answer = client.get(path + httpx.URL("http://x/").copy_with(params={"q": text}).query.decode()[2:])
            assert answer.status_code in {404, 422, 503}, text
            assert "set-cookie" not in answer.headers
            refuse_leaks(answer, filled_home)
    assert client.get("/topics", params={"prefix": "' OR 1=1 --"}).json()["items"] == []
    assert client.get("/predictions", params={"topic": "' OR '1'='1"}).json()["items"] == []
    assert tables(filled_home) == before


def tables(home: Path) -> dict[str, int]:
    lake = Lake(LakeLocation(home), read_only=True)
    found = {name: lake.read(f"SELECT count(*) AS n FROM {name}")["n"][0] for name in ("predictions", "raw_events")}
    lake.close()
    return {**found, "entries": len(list(home.rglob("*.parquet")))}


def refuse_leaks(answer: httpx.Response, home: Path) -> None:
    text = answer.text + str(answer.headers)
    for secret in (str(home), "Traceback", "root:x:0", "duckdb", "SELECT ", ".parquet", "sqlite"):
        assert secret not in text, (answer.url, secret, answer.text[:500])


def test_paths_do_not_climb(client: httpx.Client, filled_home: Path) -> None:
    for path in (
        "/docs/../../etc/passwd",
        "/topics/..%2f..%2f..%2fetc%2fpasswd",
        "/topics/%2e%2e/%2e%2e/etc/passwd",
        "/export/../../lake/catalog.sqlite",
        "//etc/passwd",
        "/static/../api/serving/keys.py",
    ):
        answer = client.send(client.build_request("GET", client.base_url.copy_with(raw_path=path.encode())))
        assert answer.status_code in {404, 422}, path
        refuse_leaks(answer, filled_home)


def test_headers_are_words_and_nothing_else(client: httpx.Client, guarded: httpx.Client, filled_home: Path) -> None:
    odd = "' OR 1=1 --<script>{{7*7}}"
    for name in ("If-None-Match", "Accept", "Accept-Encoding", "Host", "X-Forwarded-For", "X-Forwarded-Host", "Range"):
        answer = client.get("/predictions/top", headers={name: odd})
        assert answer.status_code == 200, name
        refuse_leaks(answer, filled_home)
    for key in (odd, "ä" * 100, "x" * 201):
        headers = {**bearer(OPERATE), "Idempotency-Key": key.encode()}
        answer = guarded.post("/predictions/generate", headers=headers)
        assert answer.status_code in {422, 503}, key
    # Who says that it comes from somewhere else is still counted by the address that it really has.
    assert client.get("/topics", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 200


def test_other_origins_are_told_nothing(guarded: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin in ("https://evil.example", "null", "https://good.example.evil.example", "http://good.example"):
        refused = guarded.options("/predictions/generate", headers={"Origin": origin, **asked})
        assert refused.status_code == 400 and "access-control-allow-origin" not in refused.headers, origin
    allowed = guarded.options("/predictions/generate", headers={"Origin": "https://good.example", **asked})
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == "https://good.example"
    assert "access-control-allow-credentials" not in allowed.headers
    asked["Access-Control-Request-Method"] = "DELETE"
    assert guarded.options("/topics", headers={"Origin": "https://good.example", **asked}).status_code == 400


def test_every_key_is_compared_whole_whichever_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    plain = hmac.compare_digest

    def compare(given: str, known: str) -> bool:
        compared.append((given, known))
        return plain(given, known)

    monkeypatch.setattr(api.serving.keys.hmac, "compare_digest", compare)
    guard = api.serving.keys.Guard(lambda *_: None, ApiSettings(keys=KEYS))  # type: ignore[arg-type, return-value]
    for key, name in ((READ, "reader"), (OPERATE, "operator"), ("wrong", None), (READ[:-1], None)):
        compared.clear()
        found = guard._known(key)
        assert (found and found.name) == name
        assert compared == [(hashed(key), known.sha256) for known in KEYS], "hashes, all of them, in constant time"


def test_answers_have_the_documented_fields_and_no_other(client: httpx.Client, document: dict[str, Any]) -> None:
    checked = 0
    for path, item in document["paths"].items():
        content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {}).get("application/json")
        if not content or not content["schema"]:
            continue
        answer = client.get(path.replace("{topic}", "%23topic0").replace("{run_id}", "abc"))
        if answer.status_code == 200:
            undocumented(answer.json(), content["schema"], document, path)
            checked += 1
    assert checked >= 9


def undocumented(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str) -> None:
    """Refuses a field that the schema does not name."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    options = schema.get("anyOf")
    if options:
        fitting = [one for one in options if (one.get("type") == "null") == (value is None)]
        schema = fitting[0] if fitting else options[0]
        return undocumented(value, schema, document, where)
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) <= set(schema["properties"]), (where, set(value) - set(schema["properties"]))
        for name, inner in value.items():
            undocumented(inner, schema["properties"][name], document, f"{where}.{name}")
    elif isinstance(value, list) and "items" in schema:
        for inner in value:
            undocumented(inner, schema["items"], document, f"{where}[]")
    return None


def test_a_failed_query_tells_nothing_of_itself(filled_home: Path, serve: Callable[[Settings], Any]) -> None:
    settings = Settings(home=filled_home, api=ApiSettings(query_seconds=1e-6))
    with serve(settings) as client:
        # One may be answered before its time is up, however short that is.
        answers = (client.get("/topics", params={"prefix": f"t{number}"}) for number in range(100))
        answer = next(one for one in answers if one.status_code != 200)
    assert answer.status_code == 503
    assert set(answer.json()) == set(Problem.model_fields)
    refuse_leaks(answer, filled_home)


FORBIDDEN = (
    "DELETE FROM predictions",
    "UPDATE predictions SET rank = 1",
    "INSERT INTO predictions SELECT * FROM predictions",
    "CREATE TABLE lake.main.mine (a INT)",
    "CREATE VIEW lake.main.mine AS SELECT 1",
    "ALTER TABLE predictions ADD COLUMN mine INT",
    "DROP TABLE predictions",
    "DELETE FROM __ducklake_metadata_lake.ducklake_snapshot",
    "CALL ducklake_expire_snapshots('lake', older_than => now())",
    "COPY (SELECT 1) TO '{outside}/mine.csv'",
    "ATTACH '{outside}/mine.db'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SET enable_external_access = true",
    "INSTALL httpfs",
)


def test_the_api_cannot_write_even_when_told_to(filled_home: Path, tmp_path: Path) -> None:
    before = tables(filled_home)
    reader = LakeReader(Settings(home=filled_home))
    cursor = reader._open()._take().execute("USE lake")
    for statement in FORBIDDEN:
        with pytest.raises(duckdb.Error):
            cursor.execute(statement.format(outside=tmp_path))
    # There is nothing to clean up, and nothing is.
    cursor.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
    with pytest.raises(LakeError):
        reader.read("DELETE FROM predictions")
    reader.close()
    assert tables(filled_home) == before
    assert list(tmp_path.iterdir()) == []


def test_the_description_loads_nothing_from_elsewhere(client: httpx.Client, document: dict[str, Any]) -> None:
    page = client.get("/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert not re.search(r"(?:https?:|//)[a-z]|@import|url\(", page.text.replace("// ", ""))
    loaded = re.findall(r"(?:src|href|url)[=:]\s*[\"']([^\"']+)", page.text)
    assert {"docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "docs/favicon.png", "openapi.json"} == set(loaded)
    for name in loaded:
        assert client.get(f"/{name}").status_code == 200
    style = client.get("/docs/swagger-ui.css").text
    assert not re.search(r"@import|url\((?![\"']?(?:data:|#))", style)
    assert '"validatorUrl": null' in page.text
    for path in ("/redoc", "/docs/redoc.standalone.js", "/docs/..%2fcore.py", "/docs/%2e%2e/core.py"):
        assert client.get(path).status_code == 404, path


def test_no_answer_is_more_than_the_limit(client: httpx.Client) -> None:
    for path, name in (("/predictions", "limit"), ("/predictions/top", "k"), ("/topics", "limit")):
        assert client.get(path, params={name: 10**9}).status_code == 422
    span = {"start": "2000-01-01T00:00:00Z", "end": "2024-01-01T00:00:00Z"}
    for path in ("/accuracy", "/export", "/collection/status", "/topics"):
        refused = client.get(path, params=span)
        assert refused.status_code == 422 and "max_days" in refused.json()["detail"], path
    assert json.loads(client.get("/topics", params={"limit": 500}).text)
