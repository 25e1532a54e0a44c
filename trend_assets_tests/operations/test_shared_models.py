"""Two machines, one catalog in PostgreSQL, one object storage: the same model is in use on both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import psycopg
import pytest

from trend_assets.operations.models import model_at, promote
from trend_assets.operations.predicting import forecast_hours
from trend_assets.operations.training import TrainedModel, train
from trend_assets_tests.lake import conftest as lakes
from trend_assets_tests.lake import test_storage as storage
from trend_assets_tests.operations.conftest import DAYS, START, WEEK, Home, bursty_events, home_in, write_posts

postgres, bucket = lakes.postgres, storage.bucket
ONE = timedelta(hours=1)


@pytest.fixture(scope="module")
def machines(postgres: str, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Home]]:
    """Two homes with the same settings."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE shared_models")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("TREND_") and name != "TREND_SHARED_DATA":
                patch.delenv(name)
        values = {
            "CATALOG_URL": f"{postgres}/shared_models",
            "DATA_PATH": "s3://trend/shared",
            "S3_ENDPOINT": bucket,
            "S3_REGION": "eu-central-1",
            "S3_KEY_ID": "anid",
            "S3_SECRET": "asecretkey",
            "S3_URL_STYLE": "path",
            "S3_USE_SSL": "false",
        }
        for name, value in values.items():
            patch.setenv(f"TREND_LAKE__{name}", value)
        patch.setenv("TREND_HOME", "set below")
        patch.setenv("TREND_TRAINING__EPOCHS", "1")
        one, other = (home_in(tmp_path_factory.mktemp(name)) for name in ("one", "other"))
        write_posts(one.lake, bursty_events(), START, START + timedelta(days=DAYS))
        yield one, other
        one.lake.close()
        other.lake.close()


@pytest.fixture(scope="module")
def trained(machines: tuple[Home, Home]) -> TrainedModel:
    one, _ = machines
    made = train(one.lake, one.settings, WEEK, run_id="the run")
    if not made.decision.promoted:
        promote(one.lake, one.settings, made.model_version, "for the test")
    return made


def versions(home: Home) -> set[str]:
    frame = forecast_hours(home.lake, home.settings, WEEK + 5 * ONE, WEEK + 6 * ONE, "run")
    return set(frame.filter(label="bursts")["model_version"])


def test_the_other_machine_forecasts_with_the_model_in_use(machines: tuple[Home, Home], trained: TrainedModel) -> None:
    one, other = machines
    found = model_at(other.lake, other.settings, WEEK)
    assert found == model_at(one.lake, one.settings, WEEK)
    assert found is not None and found.version == trained.model_version
    assert trained.address == f"s3://trend/shared/models/{trained.model_version}"
    assert versions(other) == {trained.model_version}
    (copy,) = (other.settings.models_folder / "copies").glob("*/*")
    assert copy.name == trained.model_version
    log = one.lake.read("SELECT action, run_id, length(sha256) AS digits FROM model_promotions ORDER BY number LIMIT 1")
    assert log.row(0) == ("promoted" if trained.decision.promoted else "refused", "the run", 64)


@pytest.mark.parametrize("damage", ["changed", "foreign"])
def test_a_mended_checkpoint_is_used_again_without_a_restart(
    machines: tuple[Home, Home], bucket: str, trained: TrainedModel, damage: str, tmp_path: Path
) -> None:
    """One process all the while: the damaged one is refused, the repaired one serves."""
    _, other = machines
    key = f"shared/models/{trained.model_version}/model.safetensors"
    client = boto3.client("s3", endpoint_url=f"http://{bucket}", aws_access_key_id="a", aws_secret_access_key="b")
    whole = client.get_object(Bucket="trend", Key=key)["Body"].read()
    assert versions(other) == {trained.model_version}
    client.put_object(Bucket="trend", Key=key, Body=whole[:-1] + b"\x01" if damage == "changed" else b"foreign")
    assert all(version.startswith("baseline:") for version in versions(other))
    assert all(version.startswith("baseline:") for version in versions(other))
    client.put_object(Bucket="trend", Key=key, Body=whole)
    assert versions(other) == {trained.model_version}
