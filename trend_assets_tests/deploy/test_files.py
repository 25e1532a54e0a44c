"""The files under `deploy/` are what their programs take."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.reading.lake import LakeReader
from api.serving.metrics import Meters
from trend_assets.settings import Settings
from trend_assets_tests.api.conftest import fill
from trend_assets_tests.conftest import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


def checked(*command: str) -> None:
    run = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_compose_fits_its_schema() -> None:
    checked("check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))


def test_every_service_waits_for_what_there_is_and_is_watched() -> None:
    for name, service in COMPOSE["services"].items():
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys(), name
        for other, how in (
            (service.get("depends_on") or {}).items() if isinstance(service.get("depends_on"), dict) else ()
        ):
            assert how["condition"] != "service_healthy" or "healthcheck" in COMPOSE["services"][other], (name, other)
    assert OURS.keys() == {"init", "location", "webserver", "daemon", "worker", "api"}
    for name, service in OURS.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert published and all(port.startswith("127.0.0.1:") for port in published)


def test_variables_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {name for service in OURS.values() for name in service["environment"] if name.startswith("TREND_")}
    secret = yaml.safe_load((DEPLOY / "kubernetes" / "secret.example.yaml").read_text())["stringData"]
    for name in named | {name for name in secret if name.startswith("TREND_")}:
        value = {
            "TREND_LAKE__S3_USE_SSL": "false",
            "TREND_API__EXPOSED": "true",
            "TREND_LAKE__S3_URL_STYLE": "path",
        }.get(name, "x" * 20)
        monkeypatch.setenv(name, value)
    # What is no setting is refused.
    assert Settings(home=tmp_path).lake.s3_use_ssl is False


def test_kubernetes_takes_the_manifests_and_they_run_what_compose_runs() -> None:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    checked("kubernetes_validate", *map(str, files))
    manifests = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "trend.yaml").read_text()))
    pods = {
        item["metadata"]["name"]: item["spec"]["template"]["spec"] for item in manifests if "template" in item["spec"]
    }
    assert {name: pod["containers"][0]["args"] for name, pod in pods.items()} == {
        name: service["command"] for name, service in OURS.items()
    }
    services = {item["metadata"]["name"] for item in manifests if item["kind"] == "Service"}
    asked = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert asked["host"] in services and asked["host"] in OURS and asked["location_name"] == "trend_assets"


def test_systemd_takes_the_units() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze (Debian's package systemd)")
    for unit in ("trend.service", "trend-worker@.service"):
        run = subprocess.run(
            ["systemd-analyze", "verify", str(DEPLOY / "systemd" / unit)], capture_output=True, text=True
        )
        # Only that the program is not installed where the unit has it.
        left = [
            line for line in run.stderr.splitlines() if unit.partition(".")[0] in line and "not executable" not in line
        ]
        assert left == []


def test_the_image_holds_what_the_files_name() -> None:
    made = (DEPLOY / "Containerfile").read_text()
    for path in re.findall(r"^COPY (?!--from)(.+) \S+$", made, re.MULTILINE):
        assert all((REPOSITORY / part).exists() for part in path.split()), path
    assert "USER 10001" in made and os.access(DEPLOY / "entrypoint.sh", os.R_OK)


def test_the_grafana_dashboard_asks_for_metrics_that_the_api_has(tmp_path: Path) -> None:
    fill(tmp_path).close()
    reader = LakeReader(Settings(home=tmp_path))
    meters = Meters()
    meters.count_runs({"queued": 1, "started": 0})
    exposed = (
        meters.exposition(reader).decode()
        if isinstance(meters.exposition(reader), bytes)
        else str(meters.exposition(reader))
    )
    reader.close()
    declared = set(re.findall(r"^# TYPE (\w+)", exposed, re.MULTILINE))
    dashboard = json.loads((DEPLOY / "grafana" / "trend.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"trend_\w+", target["expr"])
    }
    bases = {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    assert bases and bases <= declared | {f"{name}_total" for name in declared}, bases - declared
    scraped = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())["scrape_configs"][0]["static_configs"][0]
    assert scraped["targets"] == ["api:8000"]
