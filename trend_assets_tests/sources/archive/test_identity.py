"""Ids in cells: repaired where nothing is lost, refused where digits are, and nobody where nobody is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trend_assets.sources.archive.columns import ColumnMap, parse_row
from trend_assets.sources.archive.identity import UNKNOWN, identity, joined, within
from trend_assets.sources.event import Rejected
from trend_assets.sources.wire.notes import FLOAT_ID, WRAPPED_ID
from trend_assets.sources.wire.values import identifier

TWEET = "1746868000000000001"


def read(cell: Any) -> tuple[str | None, list[str]]:
    notes: list[str] = []
    return identity(cell, "who", notes), notes


@pytest.mark.parametrize(
    "cell",
    [f'="{TWEET}"', f"'{TWEET}", f"'{TWEET}'", f'"{TWEET}"', f'"""{TWEET}"""', f"={TWEET}", f"ID_{TWEET}", f"x{TWEET}",
     f'\ufeff"{TWEET}"'],
)  # fmt: skip
def test_what_a_spreadsheet_put_around_an_id_is_taken_off_and_said(cell: str) -> None:
    assert read(cell) == (TWEET, [WRAPPED_ID])


@pytest.mark.parametrize("around", [" ", "\u00a0", "\u200b", "\ufeff", "\u2060", "\t", "\x00"])
def test_white_space_that_nobody_sees_is_no_part_of_an_id(around: str) -> None:
    assert read(f"{around}{TWEET}{around}") == (TWEET, [])
    assert read(f"{around}ann{around}") == ("ann", [])


@pytest.mark.parametrize(
    "cell",
    ["ann", "ID_5", "x12", "12e5", "1705321800.000100", "at://did:plc:a/b+c", "'tis", "-100123", "nan2", "Nan", "1.5"],
)
def test_ids_of_other_kinds_stay_as_they_are(cell: str) -> None:
    assert read(cell) == (cell, [])


@pytest.mark.parametrize(
    ("cell", "found"),
    [(5.0, "5"), ("5.0", "5"), (-3.0, "-3"), (2.0**53 - 1, str(2**53 - 1)), ("1.2345678901E+10", "12345678901")],
)
def test_a_float_that_has_all_its_digits_is_mended_and_said(cell: Any, found: str) -> None:
    assert read(cell) == (found, [FLOAT_ID])


@pytest.mark.parametrize("cell", [12, 2**63, TWEET])
def test_whole_numbers_are_ids_of_any_size(cell: Any) -> None:
    assert read(cell) == (str(cell), [])


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.2345E+18", r"'who' holds an id that has lost its last digits: '1.2345E\+18'.*2\^53.*as text"),
        ("1,2345E+18", "lost its last digits"),
        ("1.294030472427835e+18", "lost its last digits"),
        ("1.294030472427835E18", "lost its last digits"),
        (1.294030472427835e18, "lost its last digits"),
        (2.0**53, "lost its last digits"),
        (float("inf"), "lost its last digits"),
        ("9007199254740993.0", "lost its last digits"),
        ("1.2E+10", "was rounded"),
        ("2E+05", "was rounded"),
        (1.5, "no id but a fraction: '1.5'"),
        ({"$oid": "6"}, r"name its part, e.g. 'who.\$oid'"),
        ([1], "no id but a list"),
        (True, "no id but a bool"),
    ],
)
def test_what_has_lost_digits_or_is_no_id_is_refused_by_name(cell: Any, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        read(cell)


@pytest.mark.parametrize("cell", [None, "", " ", float("nan"), {}, [], '"nan"', *sorted(UNKNOWN)])
def test_nobody_is_nobody(cell: Any) -> None:
    assert read(cell)[0] is None
    row = {"t": 1_700_000_000, "i": "1", "who": cell}
    assert parse_row(row, ColumnMap.parse("timestamp=t,id=i,user_id=who")).user_id is None
    with pytest.raises(Rejected, match="no id: nothing in column 'who', which is the id"):
        parse_row(row, ColumnMap.parse("timestamp=t,id=who"))


PARTS = st.text("ab+/\\1", min_size=1, max_size=6)


@given(st.integers(1, 3).flatmap(lambda n: st.tuples(*[st.tuples(PARTS, *[PARTS] * n)] * 2)))
def test_two_different_tuples_never_give_one_id(pair: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    (space, *parts), (other_space, *others) = pair
    assume(pair[0] != pair[1])
    assert within(space, joined(parts)) != within(other_space, joined(others))


@given(st.tuples(PARTS, PARTS), st.tuples(PARTS, PARTS))
def test_two_rows_of_different_ids_are_two_events_of_two_users(one: tuple[str, str], other: tuple[str, str]) -> None:
    column_map = ColumnMap.parse("timestamp=t,id=chat+n,user_id=chat+n,namespace=A/B")
    events = [parse_row({"t": 1_700_000_000, "chat": chat, "n": n}, column_map) for chat, n in (one, other)]
    assert (events[0].id == events[1].id) == (one == other) == (events[0].user_id == events[1].user_id)


@pytest.mark.parametrize(("value", "found"), [(5.0, "5"), (1.5e18, None), (1.5, None), ("1.5e+18", None), ("5", "5")])
def test_platforms_ids_that_have_lost_digits_are_none(value: Any, found: str | None) -> None:
    assert identifier(value) == found
