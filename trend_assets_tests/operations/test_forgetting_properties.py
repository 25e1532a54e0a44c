"""Properties of `trend forget` over everything that the platforms really sent: only the person's rows go.

Where an id stands is told by the paths of `test_whose_posts`, which are written down apart from the product's fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trend_assets.lake.connection import LakeLocation, lake_location
from trend_assets.lake.store import Lake
from trend_assets.lake.tables import RAW_EVENTS
from trend_assets.operations.importing import import_file
from trend_assets.operations.privacy.forgetting import forget
from trend_assets.operations.privacy.traces import Subject
from trend_assets.settings import Settings
from trend_assets.sources.identifiers import identifiers
from trend_assets_tests.operations.test_whose_posts import CONTENTS, USERS, _bodies, expected, flat, kept

#: Each example is drawn anew from rows that the module reads once.
QUICKLY = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
#: Ways in which a number stands in a payload that is an id of nobody.
DISGUISES: Sequence[Callable[[str], str]] = (
    lambda value: value,
    lambda value: f"https://pbs.example.org/media/{value}/photo/1?id={value}",
    lambda value: f"call me at {value}, or @{value}",
    lambda value: f'{{"user": {{"id": "{value}"}}}}',
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> list[dict[str, Any]]:
    """All rows of the recorded answers, with the ids that stand in each."""
    recorded = shared_data / "recorded"
    if not recorded.is_dir():
        pytest.skip(f"no recorded answers in {recorded}")
    folder = tmp_path_factory.mktemp("recorded")
    configured = Settings(home=folder / "home")
    lake = Lake(lake_location(configured))
    for path in sorted(recorded.rglob("*")):
        source = _bodies(path, folder / f"{path.stem}.jsonl") if path.suffix == ".yaml" else path
        if source.is_file():
            import_file(lake, source, configured)
    found = kept(lake)
    lake.close()
    assert {row["format"] for row in found} >= {"x_v2", "youtube_v3"} and len(found) > 400
    return found


def leaves(value: Any, path: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Containers, keys and paths of the texts and numbers of a payload."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        here = f"{path}[]" if isinstance(value, list) else f"{path}.{key}" if path else str(key)
        if isinstance(inner, dict | list):
            yield from leaves(inner, here)
        elif isinstance(inner, str | int) and not isinstance(inner, bool):
            yield value, key, here


def standing(payload: Any, paths: str) -> set[str]:
    pattern = re.compile(f"({paths})$")
    return {value for path, value in flat(payload) if pattern.search(path)}


@settings(max_examples=150, **QUICKLY)  # type: ignore[arg-type]
@given(data=st.data())
def test_an_id_that_stands_where_no_id_is_kept_is_nobodys(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """The id of a person, written into another field of anybody's payload, does not make that payload the person's."""
    row = data.draw(st.sampled_from(rows), "row")
    person = data.draw(st.sampled_from(sorted({user for other in rows for user in other["users"]})), "person")
    payload = json.loads(row["raw_data"])
    patterns = [re.compile(f"({paths[row['format']]})$") for paths in (USERS, CONTENTS)]
    free = [
        (container, key)
        for container, key, path in leaves(payload)
        # What a resource is says whether its id is one.
        if path.rpartition(".")[2] != "kind" and not any(pattern.search(path) for pattern in patterns)
    ]
    for container, key in data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=5), "fields"):
        container[key] = data.draw(st.sampled_from(DISGUISES), "disguise")(person)
    named = set(identifiers(row["format"], json.dumps(payload)))
    assert {item.value for item in named if item.kind == "user"} == row["users"]
    assert {item.value for item in named if item.kind == "content"} == row["contents"]


@settings(max_examples=150, **QUICKLY)  # type: ignore[arg-type]
@given(data=st.data())
def test_an_id_that_stands_where_ids_are_kept_is_found(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """Somebody who takes the place of a person that a payload names is found there, and the person no longer is."""
    row = data.draw(st.sampled_from([one for one in rows if one["users"]]), "row")
    stranger = str(data.draw(st.integers(10**17, 10**18 - 1), "stranger"))
    stranger = stranger if row["format"] == "x_v2" else f"UC{stranger:0>22}"
    before = data.draw(st.sampled_from(sorted(row["users"])), "person")
    payload = json.loads(row["raw_data"])
    pattern = re.compile(f"({USERS[row['format']]})$")
    for container, key, path in list(leaves(payload)):
        if pattern.search(path) and str(container[key]) == before:
            container[key] = stranger
    named = {item.value for item in identifiers(row["format"], json.dumps(payload)) if item.kind == "user"}
    assert named == row["users"] - {before} | {stranger} == standing(payload, USERS[row["format"]])


@settings(max_examples=8, **QUICKLY)  # type: ignore[arg-type]
@given(data=st.data())
def test_of_any_rows_forget_takes_the_persons_and_leaves_the_rest(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Of a lake of any of the rows, for a person who wrote one of them, is named in one, or has a number in one."""
    some = data.draw(st.lists(st.sampled_from(rows), min_size=2, max_size=40, unique_by=lambda row: row["id"]), "rows")
    people = {(row["source"], user) for row in some for user in row["users"]}
    numbers = {(row["source"], number) for row in some for number in re.findall(r"\d{2,}", row["raw_data"])[:200]}
    source, value = data.draw(
        st.one_of([st.sampled_from(sorted(pairs)) for pairs in (people, numbers) if pairs]), "who"
    )
    home = tmp_path_factory.mktemp("home")
    lake = Lake(LakeLocation(home))
    lake.write(RAW_EVENTS, RAW_EVENTS.frame({name: row[name] for name in RAW_EVENTS.column_names} for row in some))
    forget(lake, Settings(home=home), Subject("user", value, source))
    left = set(lake.read("SELECT id FROM raw_events")["id"])
    lake.close()
    assert left == {row["id"] for row in some} - expected(some, "user", value, source)
