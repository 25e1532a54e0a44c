"""A file of settings means what its writer wrote, or the error says where and what to quote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trend_assets.settings import Settings, SettingsError, load_settings

Load = Callable[[str | bytes], Settings]


@pytest.fixture
def load(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """The settings of a file's text."""

    def loaded(text: str | bytes) -> Settings:
        path = tmp_path / "t.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setenv("TREND_CONFIG", str(path))
        return load_settings()

    return loaded


def refused(load: Load, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as error:
        load(text)
    return str(error.value)


def test_text_stays_as_it_was_written(load: Load) -> None:
    settings = load(
        "google_trends:\n  regions: [US, NO]\n  terms: [yes, on, 2024, 1e5, 12:30, 1_000, 0x10, 2024-01-15, .5]\n"
        "youtube: {queries: [-x, a - b]}\n"
        "twitter: {queries: [{text: 1.50}], bearer_token: 12345}\narchive: {columns: {id: 1, text: NO}}\n"
    )
    assert settings.google_trends.regions == ["US", "NO"]
    assert settings.google_trends.terms == ["yes", "on", "2024", "1e5", "12:30", "1_000", "0x10", "2024-01-15", ".5"]
    assert settings.youtube.queries == ["-x", "a - b"]
    assert settings.twitter.queries[0].text == "1.50"
    assert settings.twitter.bearer_token and settings.twitter.bearer_token.get_secret_value() == "12345"
    assert settings.archive.columns == {"id": "1", "text": "NO"}


def test_numbers_truth_values_and_nothing_are_made_of_the_text(load: Load) -> None:
    settings = load(
        "bluesky: {enabled: yes, requests: null}\nmastodon: {enabled: ON, trends: no, requests: 1_000}\n"
        "alerts: {topic_confidence: 5e-1}\ntwitter: {bearer_token: ~}\nyoutube:\n#  enabled: true\n"
    )
    assert (settings.bluesky.enabled, settings.bluesky.requests) == (True, None)
    assert (settings.mastodon.enabled, settings.mastodon.trends, settings.mastodon.requests) == (True, False, 1000)
    assert settings.alerts.topic_confidence == 0.5
    assert settings.twitter.bearer_token is None and settings.youtube.enabled is False


@pytest.mark.parametrize("written", ["2024-01-15", '"2024-01-15"', "20240115"])
def test_a_day_is_a_day_with_and_without_quotes(load: Load, written: str) -> None:
    assert load(f"schedule:\n  history_start: {written}\n").schedule.history_start == date(2024, 1, 15)


def test_the_environment_gives_a_day_as_text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_SCHEDULE__HISTORY_START", "2024-01-15")
    assert load_settings().schedule.history_start == date(2024, 1, 15)


@pytest.mark.parametrize("written", ["2024", "15.01.2024", "1705276800"])
def test_what_is_no_day_is_refused_with_file_and_line(load: Load, written: str) -> None:
    told = refused(load, f"schedule:\n  history_start: {written}\n")
    assert "t.yaml, line 2" in told and "write it like 2024-01-15" in told


@pytest.mark.parametrize(
    ("text", "line", "quoted"),
    [
        ("bluesky:\n  tags: [#ai, #climate]\n", 2, '"#ai"'),
        ("bluesky:\n  tags: [ai, #climate]\n  enabled: true\nyoutube: {regions: [US]}\n", 2, '"#climate"'),
        ("bluesky:\n  tags: [\n    ai,\n    #climate,\n    x]\n", 4, '"#climate"'),
        ("bluesky:\n  tags:\n    - ai\n    - #climate # mine\n", 4, '"#climate"'),
        ("bluesky:\r\n  tags:\r\n    - #ai\r\n", 3, '"#ai"'),
        ("alerts:\n  watch_list: #ai\n", 2, '"#ai"'),
        ("twitter:\n  queries:\n    - text: from:someone #ai\n", 3, '"from:someone #ai"'),
        ("twitter:\n  queries:\n    - text: from:a\n        OR from:b #ai\n", 4, '"from:a OR from:b #ai"'),
        ("twitter:\n  queries: [{text: #ai lang:en, priority: 1}]\n", 2, '"#ai lang:en"'),
        ('bluesky:\n  queries:\n    - say "x" #ai\n', 3, "'say \"x\" #ai'"),
    ],
)
def test_a_hashtag_that_yaml_would_drop_is_refused_with_its_line(load: Load, text: str, line: int, quoted: str) -> None:
    told = refused(load, text)
    assert f"t.yaml, line {line}: " in told and quoted in told


def test_real_comments_stay_comments(load: Load) -> None:
    settings = load(
        "bluesky: #here\n  #tags: [x]\n  enabled: yes #really\n  tags: [b] #nice\n  queries: ['x'] #nice\n"
        "  base_url: https://a.example/#top # fragment\n"
        "twitter:\n  queries:\n    - text: >-\n        from:a\n        OR #ai\n    - text: '#ai' #one\n"
    )
    assert settings.bluesky.tags == ["b"] and settings.bluesky.base_url == "https://a.example/#top"
    assert [query.text for query in settings.twitter.queries] == ["from:a OR #ai", "#ai"]


def test_a_lost_part_of_a_secret_is_not_shown(load: Load) -> None:
    told = refused(load, "twitter:\n  bearer_token: sentinel #sentinel\n")
    assert "line 2" in told and "quote" in told and "sentinel" not in told


def test_a_key_given_twice_is_refused_with_both_lines(load: Load) -> None:
    told = refused(load, "bluesky:\n  enabled: true\nbluesky:\n  tags: [ai]\n")
    assert "bluesky stands in line 1 and again in line 3" in told
    told = refused(load, "twitter:\n  queries:\n    - text: a\n      priority: 1\n      text: b\n")
    assert "text stands in line 3 and again in line 5" in told
    merged = load("bluesky: &common\n  enabled: yes\nmastodon:\n  <<: *common\n")
    assert merged.mastodon.enabled


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("schedule:\n\thistory_start: 2010-01-01\n", ["line 2", "tab", "spaces"]),
        ("bluesky:\n  tags:\n  \t- a\n", ["line 3", "tab", "spaces"]),
        ("bluesky:\n  enabled:\ttrue\n", ["line 2", "tab"]),
        ("bluesky:\n  queries:\n    - @someone\n", ["line 3", "quote"]),
        ("bluesky:\n  queries: [*ai]\n", ["line 2", "'ai'", "quote"]),
        ("bluesky:\n  queries: [&ai, x]\n", ["bluesky.queries.0", "line 2", "quote"]),
        ('bluesky:\n  queries:\n    - "a b" OR c\n', ["line 3", "quote"]),
        ("bluesky:\n  queries:\n    - note: a: b\n", ["line 3", "quote"]),
        ("bluesky:\n  tags: [a, b\n", ["line 2", "bracket"]),
        ("bluesky:\n  tags: [\x07]\n", ["line 2", "U+0007"]),
        ("bluesky:\n  requests: many\n", ["bluesky.requests", "line 2", "integer"]),
        ("twitter:\n  queries:\n    - text: a\n    - text: b\n      priority: 0\n", ["queries.1.priority", "line 5"]),
        ("twitter:\n  queries:\n    - txt: a\n", ["twitter.queries.0.txt", "line 3", "did you mean text?"]),
        ("bluesky:\n  tags: [ä]\n".encode("cp1252"), ["line 2", "save the file as UTF-8"]),
        ("bluesky:\n  enabled: true\n".encode("utf-16-le"), ["UTF-16", "save the file as UTF-8"]),
        ("hello\n", ["keys and values"]),
        ("bluesky: &a [*a]\n", ["bluesky", "line 1"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(load: Load, text: str | bytes, parts: list[str]) -> None:
    told = refused(load, text)
    assert all(part in told for part in ["t.yaml", *parts]), told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_with_a_byte_order_mark_is_read(load: Load, encoding: str) -> None:
    assert load("bluesky:\n  tags: [fußball]\n".encode(encoding)).bluesky.tags == ["fußball"]


def test_an_empty_file_sets_nothing(load: Load) -> None:
    assert load("") == load("# nothing\n") == load("---\n")


def test_an_instance_needs_no_scheme(load: Load) -> None:
    found = load("mastodon: {instances: [mastodon.social, 'a.example/ ', 'http://127.0.0.1:3000']}\n")
    assert found.mastodon.instances == ["https://mastodon.social", "https://a.example", "http://127.0.0.1:3000"]
    for wrong in ("https//x", "ftp://x.example", "a b", ""):
        told = refused(load, f"mastodon:\n  instances: ['{wrong}']\n")
        assert "line 2" in told and "mastodon.social" in told


def test_a_tag_may_be_written_with_its_sign(load: Load) -> None:
    assert load('bluesky: {tags: ["#ai", climate]}\n').bluesky.tags == ["ai", "climate"]
    assert "mastodon.tags.0" in refused(load, "mastodon: {tags: ['#']}\n")


def test_a_list_in_the_environment_that_is_no_json_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREND_BLUESKY__TAGS", "ai,climate")
    with pytest.raises(SettingsError, match=r'TREND_BLUESKY__TAGS must be JSON, a list e\.g\. \["ai", "climate"\]'):
        load_settings()


#: What each file of real mistakes gives: a value, or parts of the error.
FAULTS: dict[str, Any] = {
    "date_start": lambda found: found.schedule.history_start == date(2010, 1, 1),
    "norway": lambda found: (
        found.google_trends.regions == ["US", "NO"]
        and found.google_trends.terms == ["yes", "on", "2024", "1e5", "12:30"]
    ),
    "inst_noscheme": lambda found: found.mastodon.instances == ["https://mastodon.social"],
    "utf16x": lambda found: found.bluesky.enabled,
    "query_colon": ["line 5", '"from:someone #ai"'],
    "hashtag": ["line 3", '"#ai"'],
    "hashtag_block": ["line 4", '"#ai"'],
    "query_hash": ["line 3", '"#ai lang:en"'],
    "tab": ["line 2", "tab"],
    "dup_key": ["line 1", "line 3"],
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_files_that_people_got_wrong(load: Load, shared_data: Path, name: str) -> None:
    path = shared_data / "faults" / "settings" / f"{name}.yaml"
    if not path.is_file():
        pytest.skip(f"no {path}")
    right = FAULTS[name]
    if callable(right):
        assert right(load(path.read_bytes()))
    else:
        told = refused(load, path.read_bytes())
        assert all(part in told for part in right), told
