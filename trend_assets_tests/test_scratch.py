"""The tests' own choice of a place for their files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trend_assets_tests.scratch import keep_in_memory

NAME = "PYTEST_DEBUG_TEMPROOT"


def test_a_folder_with_room_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert keep_in_memory(tmp_path, 1)
    assert os.environ[NAME] == str(tmp_path)


def test_one_without_room_or_that_is_not_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert not keep_in_memory(tmp_path, 2**62)
    assert not keep_in_memory(tmp_path / "none", 1)
    assert NAME not in os.environ


def test_who_names_another_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "/elsewhere")
    assert not keep_in_memory(tmp_path, 1)
    assert os.environ[NAME] == "/elsewhere"
