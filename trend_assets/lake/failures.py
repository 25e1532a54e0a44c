"""Translates DuckDB's errors about catalog or storage into messages that say what to do."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from trend_assets.lake.local_failures import damaged_file, local_failure
from trend_assets.lake.location import LakeError, LakeLocation, LakeUnavailable

_PROBE_SECONDS = 5
_HTTP_CODE = re.compile(r"HTTP (?:code )?(\d{3})")
_REASON = re.compile(r"^(\w+): ", re.MULTILINE)
_STORAGE = re.compile(r"s3://|HTTP (?:PUT|GET|HEAD|POST|DELETE) (?:to |error )")
_OBJECT = re.compile(r"(?:s3|https?)://[^\s'\"]+\.parquet")
#: DuckDB's prefix before libpq's message.
_AROUND = re.compile(r'^.*Unable to connect to Postgres at ".*?": ')
_NO_ANSWER = re.compile(r"refused|timeout|timed out|translate host|unreachable|closed the connection|No such file")
#: The server went away while it was in use, or comes and goes at this moment.
_LOST = re.compile(
    r"closed the connection|terminating connection|no connection to the server|could not (?:receive|send) data|"
    r"(?:starting up|shutting down|not yet accepting connections|recovery mode)|Connection refused"
)
#: What is said of a session that is over already; why it is over was said to another one.
_ENDED = re.compile(r'Failed to execute query "(?:ROLLBACK|COMMIT)|Current transaction is aborted')
_ENVIRONMENT = "or TREND_LAKE__… in the environment"


@contextmanager
def hiding_secrets(location: LakeLocation) -> Iterator[None]:
    """Errors of DuckDB inside are the same errors without secrets: it tells with which it could not connect."""
    try:
        yield
    except duckdb.Error as error:
        raise type(error)(location.without_secrets(str(error))) from None


@contextmanager
def explained(location: LakeLocation) -> Iterator[None]:
    """Errors of DuckDB inside tell no secret; those of disk and storage become a `LakeError` that says what to do."""
    try:
        with hiding_secrets(location):
            yield
    except duckdb.Error as error:
        told = failure(error, location)
        if told is None:
            raise
        raise told from None


def failure(error: duckdb.Error, location: LakeLocation) -> LakeError | None:
    """What disk or storage failed with, in one sentence; None for any other error."""
    return storage_failure(error, location) or _catalog_lost(error, location) or local_failure(error, location)


def storage_failure(error: duckdb.Error, location: LakeLocation) -> LakeError | None:
    """What the object storage failed with, in one sentence; None for any other error."""
    text = str(error)
    if not (location.uses_storage and isinstance(error, duckdb.IOException) and _STORAGE.search(text)):
        return None
    code = _HTTP_CODE.search(text)
    if code is None:
        said = text.splitlines()[0].partition(" error for ")[0].removeprefix("IO Error: ")
        return LakeUnavailable(_unreachable(location, said))
    reasons = [word for word in _REASON.findall(text) if word != "HTTP Error"]
    said = f"HTTP {code[1]}{f', {reasons[0]}' if reasons else ''}"
    if code[1] == "404" and "NoSuchBucket" not in said and (file := _OBJECT.search(text)):
        return damaged_file(file[0], "NoSuchKey")
    kind = LakeUnavailable if int(code[1]) == 429 or int(code[1]) >= 500 else LakeError
    return kind(_refused(location, int(code[1]), said))


def _refused(location: LakeLocation, code: int, said: str) -> str:
    where = f"the object storage {storage_name(location)}"
    bucket = location.files.split("://", 1)[1].split("/")[0]
    if code in (401, 403):
        return (
            f"{where} refuses the keys for {location.files} ({said}): correct lake.s3_key_id, lake.s3_secret, "
            f"lake.s3_session_token {_ENVIRONMENT}, or the keys' rights"
        )
    if code == 404 and "NoSuchBucket" in said:
        return f"{where} has no bucket {bucket} ({said}): create it, or correct lake.data_path"
    if code in (301, 307, 400):
        return (
            f"{where} does not take requests for {location.files} in this way ({said}): correct lake.s3_region, "
            "lake.s3_url_style (path for most S3-compatible servers) or lake.s3_use_ssl"
        )
    if code == 429 or code >= 500:
        return f"{where} is busy or down ({said}): try again later"
    return f"{where} failed at {location.files} ({said})"


def _unreachable(location: LakeLocation, said: str) -> str:
    return (
        f"the object storage {storage_name(location)} does not answer ({said}): see whether it runs, and correct "
        f"lake.s3_endpoint or lake.s3_use_ssl {_ENVIRONMENT}"
    )


def storage_name(location: LakeLocation) -> str:
    """Host and port of the object storage."""
    return location.s3_parameter("ENDPOINT") or f"s3.{location.s3_parameter('REGION') or 'us-east-1'}.amazonaws.com"


def require_storage(location: LakeLocation) -> None:
    """Asks the object storage for a sign of life: DuckDB would wait for minutes for a server that hangs.

    Raises:
        LakeError: it does not answer within seconds.
    """
    if not location.files.startswith("s3://"):
        return
    scheme = "http" if location.s3_parameter("USE_SSL") == "false" else "https"
    request = urllib.request.Request(f"{scheme}://{storage_name(location)}/", method="HEAD")
    # The request has no secrets; DuckDB itself verifies the server's certificate.
    context = ssl._create_unverified_context()
    try:
        urllib.request.urlopen(request, timeout=_PROBE_SECONDS, context=context).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, ValueError) as error:
        raise LakeUnavailable(_unreachable(location, str(getattr(error, "reason", error)))) from None


def catalog_failure(error: duckdb.Error, location: LakeLocation) -> LakeError:
    """Why a catalog cannot be opened, in one sentence."""
    if told := local_failure(error, location):
        return told
    if location.uses_sqlite:
        return LakeError(f"the lake cannot be opened ({location.sqlite_catalog}): {str(error).splitlines()[0]}")
    kind = LakeUnavailable if _NO_ANSWER.search(str(error)) else LakeError
    return kind(postgres_failure(str(error), location))


def _catalog_lost(error: duckdb.Error, location: LakeLocation) -> LakeError | None:
    """Why PostgreSQL went away in the middle, in one sentence; None for any other error."""
    if location.uses_sqlite or (isinstance(error, duckdb.IOException) and _STORAGE.search(str(error))):
        return None
    lost = _LOST.search(str(error))
    if lost is None and not _ENDED.search(str(error)):
        return None
    return LakeUnavailable(_lost(location, lost[0] if lost else "the session is over"))


def _lost(location: LakeLocation, said: str) -> str:
    return (
        f"{location} went away ({said}): see whether the server runs, and try again (what was being written is there "
        "as a whole or not at all, and writing it again doubles nothing)"
    )


def postgres_failure(said: str, location: LakeLocation) -> str:
    """Why a PostgreSQL catalog cannot be had, in one sentence.

    Args:
        said: by libpq, or by DuckDB around it.
    """
    text = " ".join(location.without_secrets(said).split())
    text = _AROUND.sub("", text).replace("FATAL: ", "")
    if "does not exist" in text and "database" in text:
        return f"{location} is not there ({text}): create it with `createdb`, or correct lake.catalog_url"
    if (coming := _LOST.search(text)) and not _NO_ANSWER.search(text):
        return _lost(location, coming[0])
    if _NO_ANSWER.search(text):
        return f"{location} cannot be reached ({text}): see whether the server runs, and correct lake.catalog_url"
    return f"{location} cannot be opened ({text}): correct lake.catalog_url, or the server"
