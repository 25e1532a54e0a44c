"""What was told, by real HTTP and on the Health page."""

from __future__ import annotations

import httpx


def test_alerts_are_paged_the_newest_first(client: httpx.Client) -> None:
    whole = client.get("/alerts").json()
    assert [item["id"][-1] for item in whole["items"]] == ["2", "3", "1", "0"]
    assert whole["open"] == 1 and whole["next"] is None and whole["reason"] is None
    pages, cursor = [], None
    for _ in range(4):
        page = client.get("/alerts", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        pages += page["items"]
        cursor = page["next"]
    assert pages == whole["items"]
    last = client.get("/alerts", params={"cursor": cursor}).json()
    assert last["items"] == [] and last["reason"] == "no alert fits these filters"


def test_alerts_are_filtered_by_rule_and_state(client: httpx.Client) -> None:
    late = client.get("/alerts", params={"rule": "source_late"}).json()["items"]
    assert [item["id"][-1] for item in late] == ["2", "1"]
    (failing,) = client.get("/alerts", params={"state": "retrying"}).json()["items"]
    assert failing["last_error"].startswith("webhook:ops: ") and failing["attempts"] == 3
    assert failing["delivered_at"] == {"log": "2024-01-02T00:00:00Z"}
    assert client.get("/alerts", params={"rule": "drift"}).json()["reason"] == "no alert fits these filters"
    for wrong in ({"rule": "'; DROP TABLE alerts; --"}, {"state": "lost"}, {"cursor": "1:z"}, {"limit": 0}):
        assert client.get("/alerts", params=wrong).status_code == 422


def test_alerts_are_known_again_by_their_etag(client: httpx.Client) -> None:
    first = client.get("/alerts")
    assert client.get("/alerts", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_metrics_tell_what_is_undelivered_and_nothing_of_a_dagster_that_is_down(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    assert 'trend_alerts_undelivered{state="retrying"} 1.0' in text
    assert 'trend_alerts_undelivered{state="held"} 0.0' in text
    assert "trend_dagster_runs{" not in text
