"""Every small file that was once misread, imported as a user would, and what `EXPECTED.md` says is right for it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from trend_assets import cli
from trend_assets.enrichment.event_handler import EventHandler
from trend_assets.enrichment.topics import topics_of
from trend_assets.lake.connection import lake_location
from trend_assets.lake.location import NoLake
from trend_assets.lake.store import Lake
from trend_assets.lake.table import Table
from trend_assets.lake.tables import COLLECTION_STATUS, RAW_EVENTS, REJECTED_EVENTS
from trend_assets.settings import load_settings
from trend_assets.sources.event import Event
from trend_assets.sources.registry import parse

#: What the table means by C, without the fields that a file lacks.
C = "id=id,timestamp=ts,user_id=user,text=text"
NO_USER = "id=id,timestamp=ts,text=text"
HALF_PAST = datetime(2024, 1, 15, 12, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return " ".join((self.out + self.err).split())


@dataclass(frozen=True)
class Desk:
    """An empty home in front of the files."""

    files: Path
    folder: Path
    trend: Callable[..., Said]

    def take(self, *names: object, columns: str | None = None, **options: str) -> Said:
        given = ["--columns", columns] if columns else []
        given += [word for name, value in options.items() for word in (f"--{name}", value)]
        return self.trend("import", *given, *names)

    def raw(self) -> list[dict[str, Any]]:
        """What was stored, in order of time."""
        return self._rows(RAW_EVENTS, "timestamp")

    def rejected(self) -> list[dict[str, Any]]:
        return self._rows(REJECTED_EVENTS, "line")

    @staticmethod
    def _rows(table: Table, order: str) -> list[dict[str, Any]]:
        try:
            lake = Lake(lake_location(load_settings()), read_only=True)
        except NoLake:
            return []
        rows = lake.read_table(table).sort(order, "id").rows(named=True)
        lake.close()
        return rows

    def events(self) -> dict[str, Event]:
        """What the stored payloads alone say, by content id."""
        return {row["content_id"]: parse(row["format"], row["raw_data"]) for row in self.raw()}

    def topics(self) -> list[set[str]]:
        return [set(topics_of(event)) for event in self.events().values()]


@pytest.fixture
def desk(
    shared_data: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    def trend(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["trend", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        said = capsys.readouterr()
        assert "Traceback" not in said.err and "unexpected" not in said.err, said.err
        return Said(int(ended.value.code or 0), said.out, said.err)

    files = shared_data / "faults" / "inputs"
    if not files.is_dir():
        pytest.skip(f"no {files}")
    monkeypatch.chdir(files)
    monkeypatch.setenv("COLUMNS", "100")
    return Desk(files, tmp_path, trend)


CASES: dict[str, Callable[[Desk], None]] = {}
Check = Callable[[Desk], None]


def right(*names: str) -> Callable[[Check], Check]:
    """Marks what is right for the inputs of these names."""

    def mark(check: Check) -> Check:
        CASES.update(dict.fromkeys(names, check))
        return check

    return mark


def counted(said: Said) -> None:
    """The counts of every file add up, as the report shows them."""
    lake = Lake(lake_location(load_settings()), read_only=True)
    status = lake.read_table(COLLECTION_STATUS)
    lake.close()
    for line in said.out.splitlines():
        numbers = [int(cell.replace(",", "")) for cell in re.findall(r"[│┃] +([\d,]+) +(?=[│┃])", line)]
        if len(numbers) >= 5:
            assert numbers[0] == sum(numbers[1:]), line
    assert (status["events"] >= status["known"]).all()


@right("chatA.csv", "chatB.csv")
def chats(desk: Desk) -> None:
    said = desk.take("chatA.csv", "chatB.csv", columns=C)
    counted(said)
    assert said.status == 1 and "--namespace" in said.err and "chatB.csv: 5 of 5" in said.err
    assert len(desk.raw()) == 5 and len(desk.rejected()) == 5
    assert all("channel B" in row["raw_data"] for row in desk.rejected())
    assert desk.take("chatB.csv", columns=C).status == 1
    assert len(desk.raw()) == 5 and len(desk.rejected()) == 5
    for name in ("chatA", "chatB"):
        assert desk.take(f"{name}.csv", columns=C, namespace=name).status == 0
    assert desk.take("chatA.csv", columns=f"{C},namespace=third").status == 0
    assert len(desk.raw()) == 20
    assert len({row["user_id"] for row in desk.raw()}) == 20


@right("same_id_two_hours_a.csv")
def two_hours(desk: Desk) -> None:
    assert desk.take("same_id_two_hours_a.csv", columns=C).status == 0
    said = desk.take("same_id_two_hours_b.csv", columns=C)
    counted(said)
    assert said.status == 1 and "--namespace" in said.err
    assert len(desk.raw()) == 3 and len(desk.rejected()) == 3
    lake = Lake(lake_location(load_settings()), read_only=True)
    raw = lake.read_table(RAW_EVENTS)
    whole, _ = EventHandler().handle(raw)
    hours = [EventHandler().handle(part)[0] for part in raw.partition_by("hour")]
    assert sorted(whole["id"]) == sorted(key for hour in hours for key in hour["id"])
    lake.close()


@right("local_times.csv")
def local_times(desk: Desk) -> None:
    assert desk.take("local_times.csv", columns=f"{C},timezone=UTC").status == 0
    said = desk.take("local_times.csv", columns=f"{C},timezone=America/New_York")
    assert said.status == 1 and "timezone=" in said.err and "5 of 5" in said.err
    assert len(desk.raw()) == 5 and len(desk.rejected()) == 5
    assert desk.raw()[0]["timestamp"] == datetime(2024, 1, 15, 1, 30, tzinfo=UTC)


@right("excel_ids.csv")
def excel_ids(desk: Desk) -> None:
    said = desk.take("excel_ids.csv", columns="id=id,timestamp=created_at,user_id=author,text=text")
    assert said.status == 1 and "digits" in said.both
    assert desk.raw() == []


@right("x_stripped.csv")
def x_stripped(desk: Desk) -> None:
    assert desk.take("x_stripped.csv", columns=NO_USER).status == 0
    assert set(desk.events()) == {f"174686800000000000{last}" for last in (1, 2, 3)}


def pasted(said: Said) -> list[str]:
    """The arguments of the command that an error prints."""
    assert said.status == 1 and "trend import " in said.err, said.err
    return shlex.split(said.err.split("trend import ", 1)[1].split("\n")[0].rstrip(".`"))


@right("threads_api.json")
def threads(desk: Desk) -> None:
    said = desk.take("threads_api.json")
    assert desk.raw() == []
    assert "--columns" in pasted(said)
    columns = "id=id,timestamp=timestamp,user_id=username,text=text"
    assert desk.take("threads_api.json", columns=columns).status == 0
    found = desk.raw()
    assert [(row["user_id"], row["timestamp"].date().isoformat()) for row in found] == [
        ("someone", "2024-01-15"),
        ("other", "2024-01-15"),
    ]
    assert desk.trend("import", *pasted(said)).status == 0
    assert {(row["user_id"], row["timestamp"]) for row in desk.raw()} == {
        (row["user_id"], row["timestamp"]) for row in found
    }


@right("weibo.jsonl")
def weibo(desk: Desk) -> None:
    said = desk.take("weibo.jsonl")
    assert said.status == 1 and desk.raw() == []
    assert "--columns" in pasted(said)
    columns = "id=idstr,timestamp=created_at,user_id=user.id,text=text"
    assert desk.take("weibo.jsonl", columns=columns).status == 0
    (row,) = desk.raw()
    assert (row["source"], row["user_id"], row["timestamp"]) == ("archive", "1", HALF_PAST)


@right("snscrape.jsonl")
def snscrape(desk: Desk) -> None:
    columns = "id=id,timestamp=date,user_id=user.id,text=rawContent,hashtags=hashtags"
    assert desk.take("snscrape.jsonl", columns=columns).status == 0
    assert desk.topics() == [{"#ai"}]


@right("hashtags_forms.csv")
def hashtags(desk: Desk) -> None:
    assert desk.take("hashtags_forms.csv", columns=f"{NO_USER},hashtags=tags").status == 0
    for content_id, event in desk.events().items():
        assert set(topics_of(event)) == ({"#ai"} if content_id == "7" else {"#ai", "#climate"}), content_id


@right("twarc_csv.csv")
def twarc(desk: Desk) -> None:
    columns = "id=id,timestamp=created_at,user_id=author_id,text=text,hashtags=entities.hashtags"
    assert desk.take("twarc_csv.csv", columns=columns).status == 0
    assert desk.topics() == [{"#ai"}]
    assert "1746868000000000000" in desk.raw()[0]["raw_data"]
    assert desk.take("twarc_csv.csv").status == 0
    (tweet,) = [row for row in desk.raw() if row["source"] == "twitter"]
    event = parse(tweet["format"], tweet["raw_data"])
    assert (event.event_type, event.user_id, topics_of(event)) == ("retweet", "12", ["#ai"])
    assert event.context["original_content_id"] == "1746868000000000000"


@right("tagstructs.parquet")
def tag_structs(desk: Desk) -> None:
    assert desk.take("tagstructs.parquet", columns=f"{NO_USER},hashtags=tags").status == 0
    assert {key: topics_of(event) for key, event in desk.events().items()} == {"1": ["#ai"], "2": ["#climate"], "3": []}


@right("compact_dates.csv")
def compact_dates(desk: Desk) -> None:
    said = desk.take("compact_dates.csv", columns=f"{C},timezone=UTC")
    counted(said)
    times = {key: event.timestamp for key, event in desk.events().items()}
    day = datetime(2024, 1, 15, tzinfo=UTC)
    assert times == {"p1": day.replace(hour=12), "p2": day, "p3": HALF_PAST, "p4": HALF_PAST}
    assert [orjson.loads(row["raw_data"])["id"] for row in desk.rejected()] == ["p5", "p6"]
    assert all("date_format" in row["reason"] for row in desk.rejected())


@right("excel_epoch_ms.csv")
def excel_epoch(desk: Desk) -> None:
    assert desk.take("excel_epoch_ms.csv", columns=C).status == 1
    assert desk.raw() == [] and len(desk.rejected()) == 3


@right("date_time_cols.csv")
def date_and_time(desk: Desk) -> None:
    columns = "id=id,timestamp=date+time,timezone=timezone,user_id=username,text=tweet"
    assert desk.take("date_time_cols.csv", columns=columns).status == 0
    assert [f"{row['timestamp']:%H:%M:%S}" for row in desk.raw()] == ["10:15:41", "21:59:41"]


@right("us_dates.csv")
def us_dates(desk: Desk) -> None:
    said = desk.take("us_dates.csv", columns=f"{NO_USER},timezone=UTC")
    counted(said)
    times = {int(key): event.timestamp.replace(microsecond=0) for key, event in desk.events().items()}
    expected = dict.fromkeys([4, 6, 7, 8, 9, 12, 13, 14], HALF_PAST)
    assert times == {**expected, 5: HALF_PAST.replace(hour=17), 11: HALF_PAST.replace(hour=0, minute=0)}
    refused = {int(orjson.loads(row["raw_data"])["id"]): row["reason"] for row in desk.rejected()}
    assert sorted(refused) == [1, 2, 3, 10, 15]
    assert all("date_format" in refused[row] for row in (1, 2, 3, 10))
    assert "without a time" in said.both
    again = desk.take("us_dates.csv", columns=f"{NO_USER},timezone=UTC,date_format=%m/%d/%Y %H:%M")
    assert again.status == 0 and desk.events()["1"].timestamp == HALF_PAST


@right("exc_dec.csv")
def odd_iso(desk: Desk) -> None:
    counted(desk.take("exc_dec.csv", columns=f"{NO_USER},timezone=UTC"))
    times = {int(key): event.timestamp for key, event in desk.events().items()}
    rejected = {int(orjson.loads(row["raw_data"])["id"]) for row in desk.rejected()}
    assert sorted([*times, *rejected]) == list(range(1, 10))
    day = datetime(2024, 1, 15, tzinfo=UTC)
    instants = {
        1: HALF_PAST.replace(microsecond=123_000), 2: HALF_PAST, 3: HALF_PAST.replace(hour=11),
        4: HALF_PAST.replace(hour=11), 5: HALF_PAST.replace(hour=11), 6: day, 7: HALF_PAST,
        8: day.replace(day=16), 9: datetime(2017, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    for row, moment in times.items():
        assert moment == instants[row], row
    assert times[9] == instants[9]


@right("stray_quote.csv", "tsv_quotes.tsv")
def stray_quotes(desk: Desk) -> None:
    before: set[str] = set()
    for name, marks in (("stray_quote.csv", "#a #b #c #d #e"), ("tsv_quotes.tsv", "#a #b #c #d #e")):
        said = desk.take(name, columns=f"{NO_USER},namespace={name}")
        counted(said)
        texts = [event.text for key, event in desk.events().items() if key.startswith(name)]
        doubtful = [row for row in desk.rejected() if row["id"] not in before]
        assert all(row["line"] for row in doubtful)
        for mark in marks.split():
            assert any(mark in text for text in [*texts, *(row["raw_data"] for row in doubtful)]), (name, mark)
        assert not any(text.count("#") > 1 for text in texts), texts
        assert len(texts) >= 2
        before |= {row["id"] for row in doubtful}


@right("backslash.csv")
def backslash(desk: Desk) -> None:
    assert desk.take("backslash.csv", columns=NO_USER).status == 0
    texts = [event.text for event in desk.events().values()]
    assert texts == ['he said "hi" #a', 'she said "no, never" #a', "last #a"]


@right("blank_line_in_cell.csv")
def blank_lines(desk: Desk) -> None:
    assert desk.take("blank_line_in_cell.csv", columns=NO_USER).status == 0
    (row,) = desk.raw()
    assert orjson.loads(row["raw_data"])["text"] == "para one\n\n\npara two #a"


@right("float_users.parquet", "float_user.jsonl")
def float_users(desk: Desk) -> None:
    assert desk.take("float_users.parquet", columns=C).status == 0
    assert [row["user_id"] for row in desk.raw()] == ["10", None, "12"]
    assert desk.take("float_user.jsonl", columns=C).status == 0
    assert {row["content_id"]: row["user_id"] for row in desk.raw() if row["content_id"][0] == "p"} == {
        "p0": "5",
        "p1": "6",
    }


@right("nan_users.csv")
def nan_users(desk: Desk) -> None:
    assert desk.take("nan_users.csv", columns=C).status == 0
    assert [row["user_id"] for row in desk.raw()] == [None] * 6


@right("dup_headers.csv", "empty_headers.csv")
def odd_headers(desk: Desk) -> None:
    for name in ("dup_headers.csv", "empty_headers.csv"):
        assert desk.take(name, columns=f"{NO_USER},namespace={name}").status == 0, name
    assert [event.text for event in desk.events().values()] == ["hi #a"] * 2


@right("entities.csv")
def entities(desk: Desk) -> None:
    assert desk.take("entities.csv", columns=C).status == 0
    assert [event.text for event in desk.events().values()] == ["AT&T and '#tag' #R&B"]


@right("grab.tar.gz")
def grab(desk: Desk) -> None:
    said = desk.take("grab.tar.gz")
    counted(said)
    assert said.status == 0 and len(desk.raw()) == 6
    assert {row["source"] for row in desk.raw()} == {"twitter"}
    members = {f"grab.tar.gz/2024/01/15/x{number}.json" for number in (0, 1)}
    assert {row["origin"] for row in desk.raw()} == members
    lake = Lake(lake_location(load_settings()), read_only=True)
    assert set(lake.read_table(COLLECTION_STATUS)["source"]) == members
    lake.close()


@right("array_rows_small.json")
def array_of_rows(desk: Desk) -> None:
    assert desk.take("array_rows_small.json").status == 0
    assert [row["source"] for row in desk.raw()] == ["twitter"] * 3
    rows = [
        {"created_at": "Mon Jan 15 12:00:00 +0000 2024", "id": number, "id_str": str(number), "text": "post #ai",
         "user": {"id": 100, "id_str": "100", "screen_name": "u"},
         "entities": {"hashtags": [{"text": "ai", "indices": [5, 8]}], "symbols": [], "urls": [], "user_mentions": []}}
        for number in range(1746868000000000100, 1746868000000010100)
    ]  # fmt: skip
    large = desk.folder / "array_rows.json"
    large.write_bytes(b"[" + b",\n".join(orjson.dumps(row) for row in rows) + b"]\n")
    assert desk.take(large).status == 0
    assert len(desk.raw()) == 10_003


@right("pzstd.jsonl.zst")
def many_frames(desk: Desk) -> None:
    with (desk.files / "pzstd.jsonl.zst").open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        lines = [line for line in reader.read().splitlines() if line.strip()]
    assert desk.take("pzstd.jsonl.zst").status == 0
    assert len(desk.raw()) == len(lines) > 1


@right("nan.jsonl")
def nan_in_json(desk: Desk) -> None:
    columns = "id=id,timestamp=created_at,user_id=user.id,text=text"
    assert desk.take("nan.jsonl", columns=columns).status == 0
    assert [row["user_id"] for row in desk.raw()] == ["4", "4"]


@right("pyrepr.jsonl")
def python_notation(desk: Desk) -> None:
    said = desk.take("pyrepr.jsonl")
    assert said.status == 1 and "Python" in said.err and desk.raw() == []


@right("a/result.csv", "b/result.csv")
def one_name(desk: Desk) -> None:
    assert desk.take("a/result.csv", "b/result.csv", columns=NO_USER).status == 1
    lake = Lake(lake_location(load_settings()), read_only=True)
    status = lake.read_table(COLLECTION_STATUS).sort("source")
    lake.close()
    assert status.select("source", "status").rows() == [("a/result.csv", "failed"), ("b/result.csv", "complete")]
    assert status["content_hash"].n_unique() == 2


def one(desk: Desk, name: str) -> tuple[dict[str, Any], Event]:
    said = desk.take(name)
    counted(said)
    assert said.status == 0, said.both
    (row,) = desk.raw()
    return row, parse(row["format"], row["raw_data"])


@right("tweets.js")
def own_archive(desk: Desk) -> None:
    row, event = one(desk, "tweets.js")
    assert (row["source"], row["content_id"], row["timestamp"]) == ("twitter", "1746868000000000001", HALF_PAST)
    assert topics_of(event) == ["#ai"]


@right("mastodon_statuses.jsonl")
def mastodon_statuses(desk: Desk) -> None:
    row, event = one(desk, "mastodon_statuses.jsonl")
    assert (row["source"], row["timestamp"], topics_of(event)) == ("mastodon", HALF_PAST, ["#ai"])
    assert row["user_id"] == "https://m.example/@a" and event.text == "hi #ai"


@right("mastodon_outbox.json")
def mastodon_outbox(desk: Desk) -> None:
    row, event = one(desk, "mastodon_outbox.json")
    assert (row["source"], row["timestamp"], topics_of(event)) == ("mastodon", HALF_PAST, ["#ai"])
    assert "m.example" in row["user_id"] and event.text == "hi #ai"


@right("bsky_posts.jsonl")
def bluesky_posts(desk: Desk) -> None:
    row, event = one(desk, "bsky_posts.jsonl")
    assert (row["source"], row["user_id"], row["timestamp"]) == ("bluesky", "did:plc:x", HALF_PAST)
    assert topics_of(event) == ["#ai"]


@right("jetstream.jsonl")
def jetstream(desk: Desk) -> None:
    row, event = one(desk, "jetstream.jsonl")
    assert (row["source"], row["user_id"], row["timestamp"]) == ("bluesky", "did:plc:x", HALF_PAST)
    assert topics_of(event) == ["#ai"] and event.text == "hi #ai"


@right("reddit_listing.json")
def reddit(desk: Desk) -> None:
    row, event = one(desk, "reddit_listing.json")
    assert (row["source"], row["user_id"], row["timestamp"]) == ("reddit", "u", HALF_PAST)
    assert "title" in event.text and "body" in event.text


@right("hn_algolia.json")
def hacker_news(desk: Desk) -> None:
    row, event = one(desk, "hn_algolia.json")
    assert "hacker" in row["source"] and (row["user_id"], row["timestamp"], event.text) == ("a", HALF_PAST, "t")


@right("telegram_export.json")
def telegram(desk: Desk) -> None:
    row, event = one(desk, "telegram_export.json")
    assert (row["source"], row["timestamp"], topics_of(event)) == ("telegram", HALF_PAST, ["#ai"])
    assert event.text == "look #ai!" and "channel1" in row["user_id"]


@right("gtrends.csv")
def google_trends(desk: Desk) -> None:
    assert desk.take("gtrends.csv").status == 0
    rows = desk.raw()
    assert [(row["source"], row["event_type"]) for row in rows] == [("google_trends", "interest")] * 2
    assert [row["timestamp"].date().isoformat() for row in rows] == ["2024-01-01", "2024-01-02"]
    events = [parse(row["format"], row["raw_data"]) for row in rows]
    assert [topics_of(event) for event in events] == [["openai"]] * 2
    assert 0 <= events[0].features["value"] < 1 and events[1].features["value"] == 7


@right("preamble.csv", "sep_hint.csv", "mac_cr.csv", "utf16.csv", "cp1252.csv")
def layouts(desk: Desk) -> None:
    expected = {
        "preamble.csv": ("timestamp=Date,text=Title,user_id=Author,timezone=UTC", ["hi #a"]),
        "sep_hint.csv": (NO_USER, ["hi #a"]),
        "mac_cr.csv": (NO_USER, ["hi #a", "ho #a"]),
        "utf16.csv": (NO_USER, ["hi"]),
        "cp1252.csv": (NO_USER, ["café #a", "plain #a"]),
    }
    for name, (columns, texts) in expected.items():
        said = desk.take(name, columns=f"{columns},namespace={name}")
        counted(said)
        assert said.status == 0, (name, said.err)
        rows = [row for row in desk.raw() if row["origin"] == name]
        assert [parse(row["format"], row["raw_data"]).text for row in rows] == texts, name


def named_in(table: str) -> list[str]:
    """The inputs in the first column of the table."""
    cells = [
        line.split("|")[1] for line in table.splitlines() if line.startswith("| ") and not line.startswith("| ---")
    ]
    found = [re.match(r"[\w/]+(\.\w+)+", part.strip()) for cell in cells[1:] for part in cell.split(",")]
    return [match[0] for match in found if match]


def test_every_row_of_the_table_is_checked(shared_data: Path) -> None:
    expected = shared_data / "faults" / "EXPECTED.md"
    if not expected.is_file():
        pytest.skip(f"no {expected}")
    assert set(named_in(expected.read_text("utf-8"))) == set(CASES)


@pytest.mark.parametrize(
    "name", [min(name for name in CASES if CASES[name] is check) for check in dict.fromkeys(CASES.values())]
)
def test_what_is_expected(desk: Desk, name: str) -> None:
    CASES[name](desk)
