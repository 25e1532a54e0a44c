"""Object storage as a file system, for what DuckDB does not read and write itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trend_assets.lake.failures import require_storage
from trend_assets.lake.location import LakeLocation, LakeUnavailable

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem


def object_storage(location: LakeLocation) -> S3FileSystem:
    """The object storage of a lake's settings, with its keys.

    Raises:
        LakeError: its files are there, and it does not answer.
    """
    from pyarrow.fs import S3FileSystem

    require_storage(location)
    parameter = location.s3_parameter
    return S3FileSystem(  # type: ignore[call-arg]
        access_key=parameter("KEY_ID"),
        secret_key=parameter("SECRET"),
        session_token=parameter("SESSION_TOKEN"),
        region=parameter("REGION"),
        endpoint_override=parameter("ENDPOINT"),
        scheme="http" if parameter("USE_SSL") == "false" else "https",
        # As DuckDB has it: an endpoint that is named is asked by paths only where that is set.
        force_virtual_addressing=parameter("URL_STYLE") != "path",
        request_timeout=location.s3_timeout,
        connect_timeout=location.s3_timeout,
        # One request for a small file, without a multipart upload.
        allow_delayed_open=True,
        background_writes=False,
    )


@contextmanager
def reaching(location: LakeLocation, what: str) -> Iterator[None]:
    """Says in one sentence, without a secret, why `what` cannot be reached; a missing file stays a missing file.

    Raises:
        LakeError: the storage fails in this block.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        said = location.without_secrets(" ".join(str(error).split()))
        raise LakeUnavailable(f"{what} cannot be reached: {said}") from None
