"""What listens where others reach it is refused unless something guards it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trend_assets.settings import ApiKey, ApiSettings, DagsterSettings
from trend_assets.settings.errors import SettingsError
from trend_assets.settings.exposure import refuse_open_api, refuse_open_ui
from trend_assets_tests.conftest import REPOSITORY

OPEN = ("0.0.0.0", "::", "192.168.1.5", "example.org", "")
KEY = ApiKey(name="reader", sha256="0" * 64)


@pytest.mark.parametrize("host", OPEN)
def test_what_others_reach_without_a_key_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"without a key.*open_reads.*api\.exposed"):
        refuse_open_api(ApiSettings(host=host))
    # A key that only starting runs needs guards no read.
    with pytest.raises(SettingsError):
        refuse_open_api(ApiSettings(host=host, keys=[KEY]))
    with pytest.raises(SettingsError, match="without a log-in"):
        refuse_open_ui(DagsterSettings(host=host))


@pytest.mark.parametrize("host", OPEN)
def test_a_key_or_a_proxy_lets_it_listen(host: str) -> None:
    refuse_open_api(ApiSettings(host=host, keys=[KEY], open_reads=False))
    refuse_open_api(ApiSettings(host=host, exposed=True))
    refuse_open_ui(DagsterSettings(host=host, exposed=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_this_machine_reaches_its_own(host: str) -> None:
    refuse_open_api(ApiSettings(host=host))
    refuse_open_ui(DagsterSettings(host=host))


def test_the_api_says_so_in_a_sentence(tmp_path: Path) -> None:
    variables = {"TREND_HOME": str(tmp_path), "TREND_API__HOST": "0.0.0.0", "PYTHONPATH": str(REPOSITORY)}
    run = subprocess.run([sys.executable, "-m", "api"], env=variables, capture_output=True, text=True, timeout=120)
    assert run.returncode == 1
    assert run.stderr.startswith("trend: api.host 0.0.0.0") and "Traceback" not in run.stderr
