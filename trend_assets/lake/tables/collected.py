"""Tables of what was collected, and how."""

from __future__ import annotations

from trend_assets.lake.table import Column, Table
from trend_assets.lake.tables.columns import HOUR, SOURCE

RAW_EVENTS = Table(
    name="raw_events",
    meaning="Every payload as it was received, one row an event; never changed, only added to.",
    columns=(
        Column("id", "VARCHAR", "", "`source:event_type:content_id`; the same event always has the same id."),
        HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When it happened, as the source says."),
        Column("source", "VARCHAR", "", SOURCE),
        Column("event_type", "VARCHAR", "", "What was done, e.g. `original`, `retweet`, `upload`, `trend`."),
        Column("content_id", "VARCHAR", "", "The source's own id of the content."),
        Column("user_id", "VARCHAR", "", "The source's own id of the user.", nullable=True),
        Column("format", "VARCHAR", "", "Which parser reads `raw_data`."),
        Column("raw_data", "VARCHAR", "JSON", "The payload as received."),
        Column("origin", "VARCHAR", "", "The file or the collector that it came from."),
        Column("collected_at", "TIMESTAMPTZ", "UTC", "When we received it."),
    ),
    key=("id",),
    partition="hour",
    write="append",
)

REJECTED_EVENTS = Table(
    name="rejected_events",
    meaning="What could not become an event, with the reason, so that nothing is lost.",
    columns=(
        Column("id", "VARCHAR", "", "Hash of origin, line, reason and text: importing twice adds nothing."),
        Column("origin", "VARCHAR", "", "The file or the collector that it came from."),
        Column("line", "BIGINT", "lines", "Line or row in the file, from 1.", nullable=True),
        Column("reason", "VARCHAR", "", "Why it could not become an event."),
        Column("raw_data", "VARCHAR", "", "The text as received; undecodable bytes as backslash escapes."),
        Column("rejected_at", "TIMESTAMPTZ", "UTC", "When it was rejected."),
        Column("format", "VARCHAR", "", "Which parser refused it; empty where its format is unknown.", nullable=True),
    ),
    key=("id",),
    write="append",
)

OBSERVATIONS = Table(
    name="observations",
    meaning="Events that a source told again with other counts or words: each later payload as it was received.",
    columns=(
        Column("id", "VARCHAR", "", "The event's id, as in `raw_events`, which keeps the first payload."),
        HOUR,
        Column("observed_at", "TIMESTAMPTZ", "UTC", "When we received this payload."),
        Column("source", "VARCHAR", "", "As in `raw_events`."),
        Column("content_id", "VARCHAR", "", "The source's own id of the content."),
        Column("user_id", "VARCHAR", "", "The source's own id of the user.", nullable=True),
        Column("format", "VARCHAR", "", "Which parser reads `raw_data`."),
        Column("raw_data", "VARCHAR", "JSON", "The payload as received."),
        Column("origin", "VARCHAR", "", "The file or the collector that it came from."),
    ),
    key=("id", "observed_at"),
    partition="hour",
    write="append",
)

COLLECTION_STATUS = Table(
    name="collection_status",
    meaning="What each source gave in each hour, or why it gave nothing.",
    columns=(
        HOUR,
        Column("source", "VARCHAR", "", "The source; of an import the file as it was named, or `FILE/MEMBER`."),
        Column("status", "VARCHAR", "", "`complete`, `partial`, `empty`, `skipped` or `failed`."),
        Column("events", "BIGINT", "events", "Events that the source gave."),
        Column("rejected", "BIGINT", "rows", "Rows that could not become events."),
        Column("requests", "BIGINT", "requests", "Requests that it took."),
        Column("finished_at", "TIMESTAMPTZ", "UTC", "When the collection ended."),
        Column("message", "VARCHAR", "", "What happened, in words; empty where all went well."),
        Column("failure", "VARCHAR", "", "Kind of failure, e.g. `auth`, `past`; empty where none.", nullable=True),
        Column("retry_at", "TIMESTAMPTZ", "UTC", "Before then it is not asked again.", nullable=True),
        Column("forgotten", "BIGINT", "rows", "Rows left out: somebody had them forgotten.", nullable=True),
        Column("content_hash", "VARCHAR", "hex", "Of an import: BLAKE2b-128 of the file.", nullable=True),
        Column("known", "BIGINT", "events", "Of an import: those of the events that the lake held.", nullable=True),
        Column("conflicts", "BIGINT", "rows", "Rows with the id of another post: `rejected_events`.", nullable=True),
    ),
    key=("hour", "source", "content_hash"),
    partition="hour",
    write="merge",
)

COLLECTION_ATTEMPTS = Table(
    name="collection_attempts",
    meaning="Every time that a live source was asked for an hour: what it cost, and how it ended.",
    columns=(
        HOUR,
        Column("source", "VARCHAR", "", "The source."),
        Column(
            "purpose", "VARCHAR", "", "`new`, `again` (late posts), `catch_up`, `late` (changes), `asked` by a person."
        ),
        Column("started_at", "TIMESTAMPTZ", "UTC", "When the collection began."),
        Column("finished_at", "TIMESTAMPTZ", "UTC", "When the attempt ended."),
        Column(
            "status",
            "VARCHAR",
            "",
            "As in `collection_status`; `running` where it did not end (yet): what it might spend counts as spent.",
        ),
        Column("events", "BIGINT", "events", "Events that this attempt gave."),
        Column("added", "BIGINT", "events", "Those that were new.", nullable=True),
        Column("repeated", "BIGINT", "events", "Those that were known.", nullable=True),
        Column("changed", "BIGINT", "events", "Those of the known that had changed: `observations`.", nullable=True),
        Column("first_event", "TIMESTAMPTZ", "UTC", "The time of its earliest event.", nullable=True),
        Column("last_event", "TIMESTAMPTZ", "UTC", "The time of its latest event.", nullable=True),
        Column("requests", "BIGINT", "requests", "Requests that it took."),
        Column("units", "BIGINT", "units", "What the source counts: posts (X), quota units (YouTube), else requests."),
        Column("cursor", "VARCHAR", "", "Where the next attempt at the hour goes on."),
        Column("failure", "VARCHAR", "", "Kind of failure, e.g. `auth`, `quota`, `rate_limit`; empty where none."),
        Column("retry_at", "TIMESTAMPTZ", "UTC", "Before then it is not asked again.", nullable=True),
        Column("message", "VARCHAR", "", "What happened, in words; empty where all went well."),
    ),
    key=("hour", "source", "finished_at"),
    partition="hour",
    write="append",
)

FORGOTTEN = Table(
    name="forgotten",
    meaning="What `trend forget` removed: neither text nor id, but keyed hashes by which it stays away.",
    columns=(
        Column("id_hash", "VARCHAR", "hex", "BLAKE2b-128 of the id, keyed with the home's privacy key."),
        Column("kind", "VARCHAR", "", "`user` or `content`."),
        Column("source", "VARCHAR", "", "The source, or `*` for all."),
        Column("key_id", "VARCHAR", "hex", "Which key it was hashed with."),
        Column("asked", "BOOLEAN", "", "Whether it was asked for; else it is a post of a user who was."),
        Column("forgotten_at", "TIMESTAMPTZ", "UTC", "When."),
        Column("removed", "VARCHAR", "JSON", "Rows removed by table, where it was asked for.", nullable=True),
    ),
    key=("id_hash", "kind", "source"),
    write="merge",
)
