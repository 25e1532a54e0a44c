"""Archives: what a file is, what of it can be read, and what is said of the rest."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections import Counter
from pathlib import Path

import orjson
import polars as pl
import pytest

from trend_assets.sources.archive import lines as line_bounds
from trend_assets.sources.archive.columns import ColumnMap
from trend_assets.sources.archive.files import ArchiveError, TruncatedArchive, read_archive
from trend_assets.sources.registry import parse
from trend_assets_tests.sources.archive.reading import COLUMNS, PACK, Read, tweet, tweets, write


@pytest.mark.parametrize("pack", PACK)
def test_json_lines_packed_in_any_way(tmp_path, pack):
    path = write(tmp_path, PACK[pack](tweets(250)), "named.wrongly")
    read = Read(path)
    assert read.ids == [str(n) for n in range(1, 251)]
    assert read.error is None and not read.rejections
    assert read.progress[-1] == path.stat().st_size
    assert len(read.progress) == 3


@pytest.mark.parametrize("pack", ["gzip", "zstd", "bzip2", "xz"])
def test_members_one_after_another(tmp_path, pack):
    first, second = PACK[pack](orjson.dumps(tweet(1)) + b"\n"), PACK[pack](orjson.dumps(tweet(2)))
    assert Read(write(tmp_path, first + second)).ids == ["1", "2"]


def test_the_line_is_the_payload_to_the_letter(tmp_path):
    line = b'{"id_str" : "1",  "created_at":"Wed Jan 01 00:00:48 +0000 2014","text":"\\u00e4","text":"b"}'
    read = Read(write(tmp_path, b"\xef\xbb\xbf" + line + b"\r\n\r\n"))
    assert read.payloads[0].raw_data == line.decode()
    assert read.payloads[0].event.text == "b"


def test_every_payload_reads_the_same_from_the_lake(tmp_path, shared_data):
    sources = [
        *(shared_data / "recorded" / "x").glob("*.jsonl"),
        *(shared_data / "recorded" / "youtube").glob("*"),
    ]
    for path in sources:
        for payload in Read(path).payloads:
            assert parse(payload.format, payload.raw_data) == payload.event


@pytest.mark.parametrize("pack", ["gzip", "zstd", "xz"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_truncated(tmp_path, pack, share):
    lines = b"".join(orjson.dumps(tweet(n, text=str(hash(n * 7919)) * 20)) + b"\n" for n in range(1, 3001))
    packed = PACK[pack](lines)
    read = Read(write(tmp_path, packed[: int(len(packed) * share)]))
    assert isinstance(read.error, TruncatedArchive)
    assert 0 < len(read.payloads) < 3000 or pack == "xz"
    assert read.ids == [str(n) for n in range(1, len(read.ids) + 1)]
    assert f"at row {len(read.payloads) + 1}" in str(read.error)
    assert read.reasons in ([], ["the file breaks off in this row"])


def test_damaged_gzip(tmp_path):
    packed = bytearray(gzip.compress(tweets(2000), mtime=0))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    read = Read(write(tmp_path, bytes(packed)))
    assert isinstance(read.error, TruncatedArchive)
    assert "is damaged" in str(read.error) and "at row" in str(read.error)


def test_truncated_csv_keeps_whole_rows(tmp_path):
    rows = "".join(f"{n},2014-01-01,{hash(n * 7919)}\n" for n in range(20_000))
    packed = gzip.compress(b"id,when,body\n" + rows.encode(), mtime=0)
    read = Read(write(tmp_path, packed[: len(packed) // 2]), COLUMNS)
    assert isinstance(read.error, TruncatedArchive)
    assert read.ids == [str(n) for n in range(len(read.ids))]
    assert len(read.ids) > 5_000
    assert f"at row {len(read.ids) + 2}" in str(read.error)


def test_bad_rows_among_good_ones(tmp_path):
    lines = [
        orjson.dumps(tweet(1)),
        b'{"id_str": "2", ',
        b"\xff\xfe{}",
        b"[]",
        b"5",
        b'{"delete": {"status": {"id": 1}}}',
        b'{"name": "x", "version": 1}',
        orjson.dumps(tweet(3, created_at="Mon Jan 01 00:00:00 +0000 0001")),
        b"\x00\x01",
        orjson.dumps(tweet(4)),
    ]
    read = Read(write(tmp_path, b"\n".join(lines)))
    assert read.ids == ["1", "4"]
    assert read.error is None
    assert [rejection.line for rejection in read.rejections] == [2, 3, 4, 5, 6, 7, 8, 9]
    wanted = [
        "not valid JSON",
        "not valid UTF-8",
        "not an object",
        "not an object",
        "deleted",
        "name, version",
        "out of range",
        "not valid JSON",
    ]
    assert all(part in reason for part, reason in zip(wanted, read.reasons, strict=True))
    assert read.rejections[0].raw_data == '{"id_str": "2", '
    assert read.rejections[1].raw_data == r"\xff\xfe{}"
    assert read.rejections[7].raw_data == "\\x00\x01"


def test_half_a_surrogate_pair(tmp_path):
    line = rb'{"id_str":"1","created_at":"Wed Jan 01 00:00:48 +0000 2014","text":"cut \ud83d"}'
    (payload,) = Read(write(tmp_path, line)).payloads
    assert payload.event.text == "cut \ufffd"
    assert parse(payload.format, payload.raw_data) == payload.event


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n ", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"hello world\n", "neither JSON nor a table"),
        (bytes(range(256)) * 50, "neither JSON nor a table"),
        (b'{"name": "x"}', "name"),
        (b'{\n "name": "x",\n "n": {}\n}\n', "name"),
        (b"[1, 2]", "not an object"),
        (b'{"kind": "x"', "its JSON does not end"),
        (b"PK\x03\x04rest", "damaged zip archive"),
        (b"id,when,body\n1,2,3\n", "id, when, body: say which is which with --columns"),
        (b"id\twhen\n1\t2\n", "id, when"),
        (b"PAR1 and no more", "damaged Parquet"),
        (gzip.compress(b"PAR1 and no more", mtime=0), "damaged Parquet"),
        (b'{"data": []}', "without tweets"),
        (b'{"meta": {"result_count": 0}}', "without tweets"),
        (b'{"errors": [{"title": "Forbidden", "detail": "suspended"}]}', "Forbidden suspended"),
        (b'{"error": {"code": 403, "message": "no"}}', "403 no"),
        (b"[" * 100_000, "its JSON does not end"),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "nested too deeply|not a tweet"),
    ],
)
def test_files_without_a_usable_row(tmp_path, data, message):
    path = write(tmp_path, data)
    with pytest.raises(ArchiveError, match=message) as caught:
        list(read_archive(path))
    said = str(caught.value)
    assert "\n" not in said and path.name in said and len(said) < 500


def test_missing_and_directory(tmp_path):
    with pytest.raises(ArchiveError, match="there is no file"):
        list(read_archive(tmp_path / "none"))
    with pytest.raises(ArchiveError, match="is a directory"):
        list(read_archive(tmp_path))
    with pytest.raises(ArchiveError, match="cannot be read"):
        list(read_archive(Path("nul\0")))


def test_rejections_come_before_the_error(tmp_path):
    read = Read(write(tmp_path, b'{"a": 1}\n{"a": 2}\n'))
    assert len(read.rejections) == 2
    assert "any of its 2 rows" in str(read.error)


def test_items_of_youtube_one_a_line(tmp_path):
    snippet = {"publishedAt": "2019-12-05T19:00:10Z"}
    comment = {"kind": "youtube#comment", "id": "c", "snippet": snippet}
    thread = {
        "kind": "youtube#commentThread",
        "id": "t",
        "snippet": {"topLevelComment": {**comment, "id": "t"}},
        "replies": {"comments": [comment]},
    }
    video = {"kind": "youtube#video", "id": "v", "snippet": snippet}
    error = {"kind": "youtube#videoListResponse", "error": {"code": 403, "message": "no"}}
    read = Read(write(tmp_path, b"\n".join(map(orjson.dumps, [video, thread, error]))))
    assert read.ids == ["v", "t", "c"]
    assert "an error that YouTube answered" in read.reasons[0]


def test_what_is_nested_too_deeply_to_be_kept(tmp_path):
    deep = (
        b'{"id_str":"1","created_at":"Wed Jan 01 00:00:48 +0000 2014","text":"x","x":' + b"[" * 500 + b"]" * 500 + b"}"
    )
    read = Read(write(tmp_path, b'{"statuses": [' + deep + b"]}\n" + orjson.dumps(tweet(2))))
    assert read.ids == ["2"]
    assert "nested too deeply" in read.reasons[0]


def test_pretty_printed_documents(tmp_path):
    document = orjson.dumps([tweet(1), tweet(2)], option=orjson.OPT_INDENT_2)
    assert Read(write(tmp_path, document)).ids == ["1", "2"]
    page = {"statuses": [tweet(3), None]}
    read = Read(write(tmp_path, orjson.dumps(page, option=orjson.OPT_INDENT_2)))
    assert read.ids == ["3"] and len(read.rejections) == 1


def test_truncated_document(tmp_path):
    document = orjson.dumps([tweet(1), tweet(2)], option=orjson.OPT_INDENT_2)
    read = Read(write(tmp_path, document[:-20]))
    assert isinstance(read.error, TruncatedArchive) and "its JSON does not end" in str(read.error)
    assert read.ids == ["1"]
    assert [rejection.line for rejection in read.rejections] == [10]
    packed = gzip.compress(document, mtime=0)
    assert isinstance(Read(write(tmp_path, packed[:-12])).error, TruncatedArchive)


def test_overlong_lines_are_rejected_and_passed(tmp_path, monkeypatch):
    monkeypatch.setattr(line_bounds, "MAX_LINE_BYTES", 300_000)
    lines = [orjson.dumps(tweet(1)), b'{"x":"' + b"y" * 900_000 + b'"}', orjson.dumps(tweet(2))]
    read = Read(write(tmp_path, b"\n".join(lines)))
    assert read.ids == ["1", "2"]
    assert "longer than" in read.reasons[0]
    assert len(read.rejections[0].raw_data) < 100_000


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv(tmp_path, delimiter):
    lines = [
        ["id", "when", "body", "n"],
        ["1", "2014-01-01T00:00:00", '"two\nlines ""x"""', "5"],
        ["2", "2014-01-02", "b", ""],
    ]
    data = "\r\n".join(delimiter.join(line) for line in lines)
    read = Read(write(tmp_path, b"\xef\xbb\xbf" + data.encode()), COLUMNS)
    assert read.error is None
    first, second = (payload.event for payload in read.payloads)
    assert first.text == 'two\nlines "x"'
    assert first.context == {"n": "5"}
    assert (second.content_id, second.context) == ("2", {})
    payload = read.payloads[0]
    assert payload.format == f"columns:{COLUMNS}"
    assert parse(payload.format, payload.raw_data) == payload.event


def test_csv_rows_that_cannot_be_events(tmp_path):
    rows = [
        b"id,when,body",
        b"1,2014-01-01,a",
        b"2,2014-01-01",
        b"3,2014-01-01,b,c",
        b"4,soon,d",
        "5,2014-01-01,äöü".encode() + b"\xe9",
        b"",
        b"6,0001-01-01,e",
        b'7,2014-01-01,"two',
        b'lines"',
        b"8,2014-01-01,f",
    ]
    read = Read(write(tmp_path, b"\n".join(rows)), COLUMNS)
    assert read.ids == ["1", "7", "8"]
    assert [rejection.line for rejection in read.rejections] == [3, 4, 5, 6, 8]
    assert read.reasons[0] == "2 cells in a table of 3 columns"
    assert read.reasons[3] == "not valid UTF-8"
    assert read.rejections[3].raw_data == "5,2014-01-01,äöü\\xe9"


def test_csv_with_a_quote_that_is_never_closed(tmp_path):
    rows = [b"id,when,body", b'1,2014-01-01,"open', *(b"%d,2014-01-01,x" % n for n in range(2, 20_000))]
    read = Read(write(tmp_path, b"\n".join(rows)), COLUMNS)
    assert len(read.rejections) == 1 and "quote" in read.reasons[0] and read.rejections[0].line == 2
    assert read.ids == [str(n) for n in range(2, 20_000)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id,time,body\n1,2,3\n", "no column 'when'; the file has id, time, body"),
        (b"id,when,body\n", "has no rows"),
        (bytes(range(256)) * 50, "neither JSON nor a table"),
        (b'{"id": 1, "when": 1700000000}\n{"id": 2}\n', "no column 'body'; the file has id, when"),
        (b'[{"id": 1},\n{"id": 2}]\n', "no column 'when'"),
    ],
)
def test_tables_that_the_map_does_not_fit(tmp_path, data, message):
    with pytest.raises(ArchiveError, match=message):
        list(read_archive(write(tmp_path, data), columns=COLUMNS))


def test_json_lines_through_columns(tmp_path):
    rows = [{"id": n, "when": 1_700_000_000 + n, "body": "x", "more": {"n": n}} for n in range(3)]
    lines = b"\n".join(map(orjson.dumps, [*rows, {"id": 3}]))
    read = Read(write(tmp_path, lines), COLUMNS)
    assert read.ids == ["0", "1", "2"]
    assert read.payloads[1].event.context == {"more": {"n": 1}}
    assert len(read.rejections) == 1
    document = orjson.dumps(rows, option=orjson.OPT_INDENT_2)
    assert Read(write(tmp_path, document), COLUMNS).ids == ["0", "1", "2"]


def test_a_column_map_that_does_not_fit_tweets_is_refused(tmp_path):
    read = Read(write(tmp_path, tweets(3)), COLUMNS)
    assert not read.payloads and not read.rejections
    assert "no column 'id'; the file has created_at, id_str, text" in str(read.error)
    assert "without columns it is read as what it looks like" in str(read.error)


def test_parquet(tmp_path):
    nanoseconds = [1_700_000_000_123_456_789, None, 1_700_000_001_000_000_000]
    moments = pl.Series("when", nanoseconds).cast(pl.Datetime("ns", "UTC"))
    frame = pl.DataFrame(
        {"id": [1, 2, 3], "when": moments, "body": ["a", "b", None], "n": [[1.5], None, [float("nan")]]}
    )
    path = tmp_path / "x"
    frame.write_parquet(path)
    read = Read(path, COLUMNS)
    assert read.ids == ["1", "3"]
    assert read.payloads[0].event.context == {"n": [1.5]}
    assert read.rejections[0].line == 2
    assert read.progress[-1] == path.stat().st_size
    for payload in read.payloads:
        assert parse(payload.format, payload.raw_data) == payload.event
    with pytest.raises(ArchiveError, match=r"a Parquet file with the columns id, when, body, n: .*--columns"):
        list(read_archive(path))
    with pytest.raises(ArchiveError, match="no column 'x'"):
        list(read_archive(path, columns=ColumnMap.parse("timestamp=x")))


def test_parquet_with_a_damaged_page(tmp_path):
    path = tmp_path / "x"
    bodies = [str(hash(n * 7919)) for n in range(20_000)]
    pl.DataFrame({"id": bodies, "when": 1_700_000_000, "body": bodies}).write_parquet(path, row_group_size=5_000)
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 5 : len(data) * 3 // 5 + 2_000] = b"\xff" * 2_000
    path.write_bytes(bytes(data))
    read = Read(path, COLUMNS)
    assert isinstance(read.error, TruncatedArchive)
    assert "is damaged, at row" in str(read.error)
    assert 0 < len(read.payloads) < 20_000


def test_parquet_with_naive_and_impossible_times(tmp_path):
    frame = pl.DataFrame({"id": [1, 2], "when": pl.Series([0, 2**62]).cast(pl.Datetime("us")), "body": ["a", "b"]})
    frame.write_parquet(tmp_path / "x")
    read = Read(tmp_path / "x", COLUMNS)
    assert read.error is not None and len(read.rejections) == 2


def test_memory_does_not_grow_with_the_file(tmp_path):
    chance = random.Random(1)

    def peak(rows: int) -> int:
        lines = (orjson.dumps(tweet(n, text=chance.randbytes(1_000).hex())) for n in range(rows))
        path = write(tmp_path, gzip.compress(b"\n".join(lines), 1, mtime=0))
        tracemalloc.start()
        for _ in read_archive(path, batch_rows=200):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(8_000) < 1.1 * peak(2_000) < 10_000_000


def test_recorded_pages_of_x(shared_data):
    ids: Counter[str] = Counter()
    why: set[str] = set()
    for path in sorted((shared_data / "recorded" / "x").glob("*.jsonl")):
        read = Read(path)
        ids.update(payload.event.id for payload in read.payloads)
        why.update(read.reasons)
    assert len(ids) == 210
    assert why == {
        "a count of tweets over time, not a tweet",
        "a list of accounts, not a tweet",
        "not valid JSON: unexpected end of data",
    }


def test_recorded_answers_of_youtube(shared_data):
    events, why = {}, set()
    for path in sorted((shared_data / "recorded" / "youtube").glob("*.json")):
        read = Read(path)
        events.update({payload.event.id: payload.event for payload in read.payloads})
        why.update(read.reasons)
    assert Counter(event.event_type for event in events.values()) == {"upload": 58, "comment": 7}
    assert len(why) == 3
    assert "a video category, not a video or a comment" in why


def test_pages_and_flattened_tweets_are_the_same_events(shared_data):
    folder = shared_data / "recorded" / "x"
    pages, flat = Read(folder / "noflat.jsonl"), Read(folder / "flat.jsonl")
    assert len(flat.payloads) == 100
    assert {p.event.id: p.event for p in pages.payloads} == {p.event.id: p.event for p in flat.payloads}


def test_a_real_month_of_tweets(shared_data):
    read = Read(shared_data / "tweets" / "2014-11.jsonl.gz", batch_rows=2_000)
    assert read.error is None and not read.rejections
    assert len(set(read.ids)) == len(read.ids) > 1_000
    assert {payload.event.event_type for payload in read.payloads} >= {"original", "retweet", "reply"}
    retweets = [payload.event for payload in read.payloads if payload.event.event_type == "retweet"]
    assert all(event.context["original_content_id"] for event in retweets)


def test_a_real_month_of_chat(shared_data):
    columns = ColumnMap.parse("id=message_id,timestamp=sent_at,user_id=user,topics=topic,text=topic,event_type=kind")
    path = shared_data / "chat" / "2023-04.csv.gz"
    read = Read(path, columns, batch_rows=2_000)
    with gzip.open(path, "rt") as lines:
        assert len(read.ids) == sum(1 for _ in lines) - 1
    assert all(len(payload.event.topics) == 1 and payload.event.user_id for payload in read.payloads)


def test_comments_without_a_zone(shared_data):
    path = shared_data / "youtube_spam" / "Youtube01-Psy.csv"
    fields = "id=COMMENT_ID,timestamp=DATE,user_id=AUTHOR,text=CONTENT"
    assert "timezone=UTC" in str(Read(path, ColumnMap.parse(fields)).error)
    read = Read(path, ColumnMap.parse(f"{fields},timezone=UTC"))
    with io.StringIO(path.read_text("utf-8-sig")) as text:
        assert len(read.ids) == len(pl.read_csv(text.read().encode()))
