"""Catalogs and object storage that are set in the settings: addresses, keys, and what is told when they fail."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import duckdb
import psycopg
import pytest
from moto.server import ThreadedMotoServer

from trend_assets.lake.connection import LakeError, LakeLocation, lake_location, open_duckdb
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS, TOPIC_ACTIVITY
from trend_assets.settings import LakeSettings, Settings
from trend_assets_tests.lake.test_store import activity, raw

PASSWORD = "p%:/@ w?#"
HOUR = datetime(2026, 1, 5, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Host and port of a storage with the bucket `trend`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        region_name="eu-central-1",
    )
    # Servers in one process have the same buckets.
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket="trend", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield f"{host}:{port}"
    server.stop()


def settings(home: Path, endpoint: str, data_path: str = "s3://trend/some/prefix", **more: Any) -> Settings:
    values = {"s3_key_id": "anid", "s3_secret": "asecretkey", "s3_url_style": "path", "s3_use_ssl": False, **more}
    lake = LakeSettings(s3_endpoint=endpoint, s3_region="eu-central-1", data_path=data_path, **values)
    return Settings(home=home, lake=lake)


def stored(endpoint: str) -> list[str]:
    client = boto3.client("s3", endpoint_url=f"http://{endpoint}", aws_access_key_id="a", aws_secret_access_key="b")
    return [item["Key"] for item in client.list_objects_v2(Bucket="trend").get("Contents", [])]


@pytest.mark.parametrize("more", [{}, {"s3_session_token": "atoken"}], ids=["keys", "token"])
def test_a_server_that_speaks_s3_takes_a_lake(bucket: str, tmp_path: Path, more: dict[str, str]) -> None:
    prefix = f"{tmp_path.name}/deep"
    lake = Lake(lake_location(settings(tmp_path, bucket, f"s3://trend/{prefix}", **more)))
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 4))
    lake.write(RAW_EVENTS, raw("a", hour=HOUR))
    lake.write(RAW_EVENTS, raw("a", "b", hour=HOUR))
    assert lake.read_table(RAW_EVENTS)["id"].to_list() == ["a", "b"]
    lake.close()
    assert [key for key in stored(bucket) if key.startswith(f"{prefix}/main/raw_events/")]
    reader = Lake(lake_location(settings(tmp_path, bucket, f"s3://trend/{prefix}", **more)), read_only=True)
    assert reader.read_table(TOPIC_ACTIVITY)["mentions"].to_list() == [4]
    reader.close()


def test_keys_are_found_where_the_tools_of_aws_look(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ACCESS_KEY_ID": "fromhere", "SECRET_ACCESS_KEY": "ofthisone", "SESSION_TOKEN": "t"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    chosen = settings(tmp_path, bucket, "s3://trend/chain", s3_key_id=None, s3_secret=None, s3_credential_chain=True)
    location = lake_location(chosen)
    lake = Lake(location)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 4))
    lake.close()
    assert [key for key in stored(bucket) if key.startswith("chain/main/topic_activity/")]
    connection = open_duckdb(location, read_only=True)
    (secret,) = connection.execute("SELECT secret_string FROM duckdb_secrets()").fetchone() or ("",)
    assert "provider=credential_chain" in secret and "key_id=fromhere" in secret
    connection.close()


Answers = Callable[[int, str], str]


@pytest.fixture
def answering() -> Iterator[Answers]:
    """Starts servers that answer every request in the same way; gives host and port."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, code: str) -> str:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response_only(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_PUT = do_POST = do_HEAD = do_DELETE = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_what_is_shown_of_a_location_holds_no_secret(tmp_path: Path) -> None:
    chosen = settings(tmp_path, "127.0.0.1:1", s3_session_token="atoken", catalog_url="postgresql://u:apassword@h/d")
    location = lake_location(chosen)
    for shown in (repr(location), str(location), f"{location}", repr(chosen), str(chosen)):
        assert not [secret for secret in ("asecretkey", "anid", "atoken", "apassword") if secret in shown]


def failing(location: LakeLocation) -> str:
    with pytest.raises(LakeError) as told:
        lake = Lake(location)
        lake.write(TOPIC_ACTIVITY, activity(HOUR, 4))
    text = str(told.value)
    assert "asecretkey" not in text and "anid" not in text and "\n" not in text
    return text


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (
            403,
            "InvalidAccessKeyId",
            "refuses the keys for s3://trend/some/prefix (HTTP 403, InvalidAccessKeyId): ",
        ),
        (403, "SignatureDoesNotMatch", "HTTP 403, SignatureDoesNotMatch"),
        (503, "SlowDown", "is busy or down (HTTP 503): try again later"),
        (301, "PermanentRedirect", "correct lake.s3_region, lake.s3_url_style (path for most"),
    ],
)
def test_what_the_storage_answers_is_told_with_what_to_do(
    answering: Answers, tmp_path: Path, status: int, code: str, said: str
) -> None:
    endpoint = answering(status, code)
    text = failing(lake_location(settings(tmp_path, endpoint)))
    assert said in text and f"the object storage {endpoint} " in text, text


def test_a_missing_bucket_is_named(bucket: str, tmp_path: Path) -> None:
    text = failing(lake_location(settings(tmp_path, bucket, "s3://elsewhere/a")))
    assert "has no bucket elsewhere (HTTP 404, NoSuchBucket): create it, or correct lake.data_path" in text


def test_a_storage_that_hangs_or_is_not_there_is_told_within_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        text = failing(lake_location(settings(tmp_path, f"127.0.0.1:{silent.getsockname()[1]}")))
    assert "does not answer (timed out): see whether it runs, and correct lake.s3_endpoint" in text
    assert "does not answer" in failing(lake_location(settings(tmp_path, "127.0.0.1:1")))
    assert time.monotonic() - began < 60


def test_a_location_shows_no_secret(tmp_path: Path) -> None:
    url = f"postgresql://ann:{quote(PASSWORD, safe='')}@db.example:5433/the%20lake?sslmode=require&password=other%21"
    lake = LakeSettings(
        catalog_url=url, data_path="s3://trend/x", s3_key_id="anid", s3_secret="asecretkey", s3_session_token="atoken",
        s3_endpoint="host:9000", s3_region="here",
    )  # fmt: skip
    location = lake_location(Settings(home=tmp_path, lake=lake))
    shown = f"{location!r} {location}"
    hidden = (PASSWORD, quote(PASSWORD, safe=""), "other!", "other%21", "anid", "asecretkey", "atoken")
    assert not [secret for secret in hidden if secret in shown]
    assert str(location) == "the PostgreSQL database the lake on db.example:5433, files in s3://trend/x"
    said = location.without_secrets(f"{' '.join(hidden)} {url} host:9000 here")
    assert not [secret for secret in hidden if secret in said]
    assert said.endswith("host:9000 here")


def test_libpq_gets_the_address_as_it_was_given() -> None:
    location = LakeLocation(Path(), catalog_url="postgresql://a:b%40c@h/d?sslmode=require")
    assert location.libpq() == "postgresql://a:b%40c@h/d?sslmode=require&connect_timeout=10"
    own = "postgresql:///d?host=/run/postgresql&connect_timeout=3"
    assert LakeLocation(Path(), catalog_url=own).libpq() == own
    with pytest.raises(LakeError, match="must look like postgresql://"):
        LakeLocation(Path(), catalog_url="mysql://a@h/d").libpq()


@pytest.fixture
def guarded(postgres: str) -> str:
    """The address of a database whose user has a password that an address must write in percents."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as server:
        server.execute('DROP DATABASE IF EXISTS "a lake"')
        server.execute('CREATE DATABASE "a lake"')
        server.execute("DROP ROLE IF EXISTS ann")
        server.execute(f"CREATE ROLE ann SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    return postgres.replace("trend@", f"ann:{quote(PASSWORD, safe='')}@") + "/a%20lake"


def test_a_password_in_percents_and_options_reach_the_server(guarded: str, tmp_path: Path) -> None:
    location = LakeLocation(tmp_path, catalog_url=f"{guarded}?sslmode=prefer", data_path=str(tmp_path / "files"))
    lake = Lake(location)
    lake.write(TOPIC_ACTIVITY, activity(HOUR, 4))
    assert lake.read_table(TOPIC_ACTIVITY).height == 1
    lake.close()
    for read_only in (True, False):
        with pytest.raises(LakeError, match="server does not support SSL, but SSL was required"):
            Lake(LakeLocation(tmp_path, catalog_url=f"{guarded}?sslmode=require"), read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_catalog_that_is_not_there_is_told_in_a_sentence(postgres: str, tmp_path: Path, read_only: bool) -> None:
    absent = LakeLocation(tmp_path, catalog_url=f"{postgres}/nosuch", data_path=str(tmp_path / "files"))
    said = r'the PostgreSQL database nosuch on 127\.0\.0\.1:\d+, .* is not there \(.*"nosuch" does not exist'
    with pytest.raises(LakeError, match=said):
        Lake(absent, read_only=read_only)
    nobody = LakeLocation(tmp_path, catalog_url="postgresql://u:sentinel@127.0.0.1:1/nowhere")
    with pytest.raises(LakeError, match=r"cannot be reached \(.*refused.*see whether the server runs"):
        Lake(nobody, read_only=read_only)


def test_an_empty_catalog_has_no_lake_to_read(postgres: str, tmp_path: Path) -> None:
    location = LakeLocation(tmp_path, catalog_url=f"{postgres}/postgres", data_path=str(tmp_path / "files"))
    with pytest.raises(LakeError, match=r"there is no lake in the PostgreSQL database postgres on .* yet: run `trend"):
        Lake(location, read_only=True)


def test_a_server_that_hangs_is_told_within_seconds(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://u:sentinel@127.0.0.1:{silent.getsockname()[1]}/lake?connect_timeout=2"
        began = time.monotonic()
        with pytest.raises(LakeError, match=r"cannot be reached \(.*timeout") as told:
            Lake(LakeLocation(tmp_path, catalog_url=url))
        assert time.monotonic() - began < 30 and "sentinel" not in str(told.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"s3_key_id": "a"}, "s3_key_id and s3_secret belong together"),
        ({"s3_session_token": "a"}, "s3_session_token belongs to a key"),
        ({"s3_key_id": "a", "s3_secret": "b", "s3_credential_chain": True}, "finds the keys by itself"),
        ({"s3_endpoint": "https://host"}, "host and port without http"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LakeSettings(**values)


def test_a_missing_extension_names_its_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LakeError, match=rf"pip install duckdb-extension-ducklake=={duckdb.__version__}"):
        Lake(LakeLocation(tmp_path))
