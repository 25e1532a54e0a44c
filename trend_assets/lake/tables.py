"""Every table of the lake, declared once.

The same declarations create the tables, type the Polars frames that the assets return, and are
shown as column schemas in the Dagster UI. Nothing here opens the lake.
"""

from __future__ import annotations

from collections.abc import Mapping

from trend_assets.lake.table import Column, Revisions, Table
from trend_assets.names import SOURCES

_SOURCE = f"One of {', '.join(f'`{name}`' for name in SOURCES)}."
_HOUR = Column("hour", "TIMESTAMPTZ", "UTC", "Start of the hour in which it happened: the partition.")

RAW_EVENTS = Table(
    name="raw_events",
    meaning="Every payload as it was received, one row an event; never changed, only added to.",
    columns=(
        Column("id", "VARCHAR", "", "`source:event_type:content_id`; the same event always has the same id."),
        _HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When it happened, as the source says."),
        Column("source", "VARCHAR", "", _SOURCE),
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
    ),
    key=("id",),
    write="append",
)

OBSERVATIONS = Table(
    name="observations",
    meaning="Events that a source told again with other counts or words: each later payload as it was received.",
    columns=(
        Column("id", "VARCHAR", "", "The event's id, as in `raw_events`, which keeps the first payload."),
        _HOUR,
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

EVENTS = Table(
    name="events",
    meaning="What people did: topics, spam and Gen Z scores beside the text.",
    columns=(
        Column("id", "VARCHAR", "", "As in `raw_events`, where the payload is."),
        _HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When it happened, as the source says."),
        Column("source", "VARCHAR", "", _SOURCE),
        Column("event_type", "VARCHAR", "", "What was done, e.g. `original`, `retweet`, `upload`, `trend`."),
        Column("content_id", "VARCHAR", "", "The source's own id of the content."),
        Column("user_id", "VARCHAR", "", "The source's own id of the user.", nullable=True),
        Column("text", "VARCHAR", "", "What was written; empty where nothing was."),
        Column("language", "VARCHAR", "BCP 47", "The language, where the source says it.", nullable=True),
        Column("hashtags", "VARCHAR[]", "", "Hashtags in canonical spelling, without `#`."),
        Column("topics", "VARCHAR[]", "", "Topics in canonical spelling, each once."),
        Column("context", "VARCHAR", "JSON", "Where it stands: original content, conversation, unmapped columns."),
        Column("features", "VARCHAR", "JSON", "Every signal behind the scores, by name."),
        Column("spam_score", "DOUBLE", "0 to 1", "How much it looks like spam."),
        Column("edge_weight", "DOUBLE", "0.2 to 1", "`max(1 - spam_score, 0.2)`: what it counts in the graph."),
        Column("gen_z_score", "DOUBLE", "0 to 1", "Heuristic of Gen Z engagement; parts are in `features`."),
    ),
    key=("id",),
    partition="hour",
)

EVENT_EMBEDDINGS = Table(
    name="event_embeddings",
    meaning="The meaning of each event's text as a vector; a text is embedded once ever.",
    columns=(
        Column("id", "VARCHAR", "", "The event's id."),
        _HOUR,
        Column("text_hash", "VARCHAR", "hex", "BLAKE2b-128 of the normalised text: the cache key."),
        Column("model", "VARCHAR", "", "The text model's name."),
        Column("embedding", "FLOAT[]", "unit length", "The vector, as long as the model is wide (384)."),
    ),
    key=("id",),
    partition="hour",
)

TOPIC_ACTIVITY = Table(
    name="topic_activity",
    meaning="How often a topic was mentioned in an hour; an event counts once a topic.",
    columns=(
        _HOUR,
        Column("topic", "VARCHAR", "", "The topic in canonical spelling."),
        Column("mentions", "BIGINT", "events", "Events that name the topic."),
        Column(
            "weighted_mentions",
            "DOUBLE",
            "events",
            "The same, each counted by its edge weight, and near copies once (`near_copies`).",
        ),
        Column("distinct_users", "BIGINT", "users", "Different users among them."),
    ),
    key=("hour", "topic"),
    partition="hour",
)

TOPIC_PHRASES = Table(
    name="topic_phrases",
    meaning="Topics that events have by what they say, beside those in `events`: phrases far above the usual.",
    columns=(
        Column("event_id", "VARCHAR", "", "The event that says it."),
        _HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When it happened, as the source says."),
        Column("topic", "VARCHAR", "", "The topic in canonical spelling: a tag that it stands for, or a phrase."),
        Column("phrase", "VARCHAR", "", "The phrase in the text for which it has the topic."),
    ),
    key=("event_id", "topic"),
    partition="hour",
)

NEAR_COPIES = Table(
    name="near_copies",
    meaning="Events whose text is nearly that of one in the 24 hours before: a campaign counts once a topic and day.",
    columns=(
        Column("event_id", "VARCHAR", "", "The event that is a near copy; the first one of a group has no row."),
        _HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When it happened, as the source says."),
        Column("group_id", "VARCHAR", "hex", "The campaign: BLAKE2b-64 of the id of the event that began it."),
        Column(
            "copies", "BIGINT", "events", "Events of the group in the 24 hours until this one, which is among them."
        ),
        Column("users", "BIGINT", "users", "Different users who wrote them."),
        Column("repeated", "VARCHAR[]", "", "Topics that the group has counted for already: it does not count again."),
    ),
    key=("event_id",),
    partition="hour",
)

PHRASE_STATES = Table(
    name="phrase_states",
    meaning="What was usual before each day, and which phrases were topics: where `topic_phrases` is taken up again.",
    columns=(
        Column("hour", "TIMESTAMPTZ", "UTC", "The start of the day before which it holds."),
        Column("digest", "VARCHAR", "hex", "Of the settings under which it holds."),
        Column("state", "BLOB", "", "Zstandard of JSON and hash tables; neither users nor texts are in it."),
    ),
    key=("hour",),
    partition="hour",
)

TOPIC_LABELS = Table(
    name="topic_labels",
    meaning="What topics are called, which mean the same, what they are about: every six hours, from a day's posts.",
    columns=(
        Column(
            "hour", "TIMESTAMPTZ", "UTC", "The last of the 24 hours whose posts were read: 05, 11, 17 or 23 o'clock."
        ),
        Column("topic", "VARCHAR", "", "The topic in canonical spelling; only those with three posts."),
        Column("name", "VARCHAR", "", "Its most telling phrase."),
        Column("post_id", "VARCHAR", "", "The event whose text is nearest to the middle of its posts."),
        Column(
            "group_topic", "VARCHAR", "", "The topic that leads those that mean the same; itself where it is alone."
        ),
        Column("category", "VARCHAR", "", "One of `enrichment.categories`, or `other` where that is unsure."),
        Column("confidence", "DOUBLE", "0 to 1", "Of the category; 0 where its posts have no vectors."),
        Column("posts", "BIGINT", "events", "Posts that it stands on, 40 at most."),
    ),
    key=("hour", "topic"),
    partition="hour",
)

TEMPORAL_EDGES = Table(
    name="temporal_edges",
    meaning="The temporal graph of users, contents, topics and communities, in order of time.",
    columns=(
        _HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When the edge appeared."),
        Column("event_id", "VARCHAR", "", "The event that made it; its text's vector is in `event_embeddings`."),
        Column("src", "BIGINT", "", "Node id from which it goes."),
        Column("dst", "BIGINT", "", "Node id to which it goes."),
        Column(
            "edge_type",
            "VARCHAR",
            "",
            "The event's type from who did it (a user, else the source) to the content; from the content `about` to a "
            "topic, `replies_to`, `reposts`, `quotes`, `refers_to` to another one, `in` to a community; `wrote` from "
            "that other's author to it; `mentions` from user to user.",
        ),
        Column("weight", "DOUBLE", "0.2 to 1", "The event's edge weight."),
    ),
    key=("event_id", "src", "dst"),
    partition="hour",
)

NODES = Table(
    name="nodes",
    meaning="What a node id stands for; ids are hashes of kind and key, the same in every run.",
    columns=(
        Column("node_id", "BIGINT", "", "BLAKE2b-64 of `kind:key`, the sign bit cleared."),
        Column("kind", "VARCHAR", "", "`user`, `content`, `topic` or `community`."),
        Column(
            "key",
            "VARCHAR",
            "",
            "`source:user_id`, `source:content_id`, the topic, `source:community`, or the source alone.",
        ),
        Column("first_seen", "TIMESTAMPTZ", "UTC", "The earliest edge that touches it."),
    ),
    key=("node_id",),
    write="upsert",
)

TRAINING_RUNS = Table(
    name="training_runs",
    meaning="Every training of the forecast model: what it saw, how it went.",
    columns=(
        Column("run_id", "VARCHAR", "", "The Dagster run, or the command, that trained."),
        Column(
            "week",
            "TIMESTAMPTZ",
            "UTC",
            "Monday 00:00 from which it may forecast: it saw only what was before.",
        ),
        Column("status", "VARCHAR", "", "`succeeded` or `failed`."),
        Column("model_version", "VARCHAR", "", "Names the checkpoint's folder.", nullable=True),
        Column("lake_snapshot", "BIGINT", "", "The lake's snapshot that it read.", nullable=True),
        Column("started_at", "TIMESTAMPTZ", "UTC", "When it began."),
        Column("seconds", "DOUBLE", "s", "How long it took.", nullable=True),
        Column("losses", "VARCHAR", "JSON", "Losses by epoch.", nullable=True),
        Column(
            "metrics",
            "VARCHAR",
            "JSON",
            "Metrics on the last weeks before, held out from the fit.",
            nullable=True,
        ),
        Column("error", "VARCHAR", "", "Why it failed.", nullable=True),
        Column("promoted", "BOOLEAN", "", "Whether this training put it to use from its week on.", nullable=True),
        Column("decision", "VARCHAR", "", "Why it was promoted, or was not.", nullable=True),
    ),
    key=("run_id", "week"),
    partition="week",
    write="merge",
)

MODEL_PROMOTIONS = Table(
    name="model_promotions",
    meaning="Which models were put to use, withdrawn or refused, when and why; a row never changes.",
    columns=(
        Column("number", "BIGINT", "", "Counts the rows from 1, in their order: of one model, the last one holds."),
        Column("version", "VARCHAR", "", "The model, as in `training_runs.model_version`."),
        Column("week", "TIMESTAMPTZ", "UTC", "From when it may forecast."),
        Column("action", "VARCHAR", "", "`promoted`, `withdrawn`, or `refused` after its training."),
        Column("decided_at", "TIMESTAMPTZ", "UTC", "When."),
        Column("reason", "VARCHAR", "", "Why, in words."),
        Column("run_id", "VARCHAR", "", "The Dagster run that trained it; null where a person decided.", nullable=True),
        Column("sha256", "VARCHAR", "hex", "Of its tensors then: with others it is not used.", nullable=True),
    ),
    key=("number",),
    write="append",
)

_REVISION = Column("revision", "BIGINT", "", "0 is the first forecast of its cut and label, which is the one scored.")
_HORIZON = Column("horizon_hours", "BIGINT", "hours", "How far ahead it looks; 24 where a release did not note it.")
_LABEL = Column(
    "label",
    "VARCHAR",
    "",
    "`bursts`, `breaks_out` or `emerges`; of horizons beside the main one `emerges_6h`, `emerges_7d`.",
)
_MADE = Column(
    "made",
    "VARCHAR",
    "",
    "`live`: within `schedule.forecast_within` of its cut; `late`: after that, before the outcome was known; "
    "`backfill`: after the outcome; `revised`: not the first; `unrecorded`: by a release that did not note it.",
)

PREDICTIONS = Table(
    name="predictions",
    meaning="What was forecast at each cut, for each label, topic by topic; a row never changes.",
    columns=(
        Column("hour", "TIMESTAMPTZ", "UTC", "The last hour that the forecast saw: the partition."),
        Column("cut", "TIMESTAMPTZ", "UTC", "The forecast origin: the end of that hour, until which it looks."),
        _LABEL,
        _HORIZON,
        Column("topic", "VARCHAR", "", "The topic in canonical spelling."),
        Column("rank", "BIGINT", "", "1 is the topic most likely to come true."),
        Column("score", "DOUBLE", "", "Ranks the topics of one cut and label; its scale is the ranking's own."),
        Column("confidence", "DOUBLE", "0 to 1", "Calibrated probability that it comes true.", nullable=True),
        Column("growth", "DOUBLE", "log1p mentions", "Expected log1p(after) - log1p(before).", nullable=True),
        Column("source_events_count", "BIGINT", "events", "Events in the window that the forecast stands on."),
        Column(
            "model_version",
            "VARCHAR",
            "",
            "The checkpoint, or `baseline:NAME` where no model was trained yet.",
        ),
        Column(
            "metadata",
            "VARCHAR",
            "JSON",
            "The counts behind it, and of a trained model the `users` to whom it owes most.",
        ),
        Column("forecast_at", "TIMESTAMPTZ", "UTC", "When it was really made; null where unrecorded.", nullable=True),
        Column("run_id", "VARCHAR", "", "The Dagster run that made it; null where unrecorded.", nullable=True),
        _REVISION,
        _MADE,
    ),
    key=("cut", "label", "topic", "revision"),
    partition="hour",
    write="revise",
    revisions=Revisions(("cut", "label"), origin=("forecast_at", "run_id", "made"), later={"made": "revised"}),
)

PREDICTION_OUTCOMES = Table(
    name="prediction_outcomes",
    meaning="What became of each cut's first forecast, once its horizon had passed.",
    columns=(
        Column("hour", "TIMESTAMPTZ", "UTC", "The last hour of the horizon: the partition."),
        Column("cut", "TIMESTAMPTZ", "UTC", "As in `predictions`."),
        _LABEL,
        _HORIZON,
        Column("topic", "VARCHAR", "", "The topic in canonical spelling."),
        Column("rank", "BIGINT", "", "The rank that was forecast."),
        Column("score", "DOUBLE", "", "The score that was forecast."),
        Column("confidence", "DOUBLE", "0 to 1", "The confidence that was forecast.", nullable=True),
        Column("model_version", "VARCHAR", "", "The model that forecast it."),
        Column("came_true", "BOOLEAN", "", "Whether the label came true."),
        Column("mentions_before", "BIGINT", "events", "Mentions in as long a time before the cut."),
        Column("mentions_after", "BIGINT", "events", "Mentions in the horizon after the cut."),
        Column("growth", "DOUBLE", "log1p mentions", "What really grew: log1p(after) - log1p(before)."),
        _REVISION,
        _MADE,
    ),
    key=("cut", "label", "topic"),
    partition="hour",
)

COLLECTION_STATUS = Table(
    name="collection_status",
    meaning="What each source gave in each hour, or why it gave nothing.",
    columns=(
        _HOUR,
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
        _HOUR,
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

ALERTS = Table(
    name="alerts",
    meaning="What was told to whom: each alert, how its delivery stands, and why it failed.",
    columns=(
        Column("id", "VARCHAR", "hex", "BLAKE2b-128 of rule, subject and time."),
        Column("raised_at", "TIMESTAMPTZ", "UTC", "When it was noticed."),
        Column("rule", "VARCHAR", "", "What happened, e.g. `source_late`, `training_failed`, `disk_low`."),
        Column("severity", "VARCHAR", "", "`info`, `warning` or `critical`."),
        Column("subject", "VARCHAR", "", "To what it happened: a topic, a source, a week, a file."),
        Column("message", "VARCHAR", "", "What happened, in words."),
        Column("state", "VARCHAR", "", "`waiting`, `held` (quiet hours), `retrying`, `delivered` or `given_up`."),
        Column("attempts", "BIGINT", "attempts", "How often a channel was asked to take it."),
        Column("last_attempt_at", "TIMESTAMPTZ", "UTC", "When last.", nullable=True),
        Column("last_error", "VARCHAR", "", "Channel and reason of the last failure, in words.", nullable=True),
        Column("delivered_at", "VARCHAR", "JSON", "Channel to the time (UTC) at which it took it."),
    ),
    key=("id",),
    write="merge",
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

DRIFT_CHECKS = Table(
    name="drift_checks",
    meaning="Each look at whether the model in use is still what it was.",
    columns=(
        Column("checked_at", "TIMESTAMPTZ", "UTC", "When it was looked at."),
        Column("model_version", "VARCHAR", "", "The model in use then."),
        Column("live_cuts", "BIGINT", "cuts", "Scored cuts, over all labels, that the live accuracy stands on."),
        Column("live_ndcg_at_10", "DOUBLE", "0 to 1", "Mean of the live forecasts.", nullable=True),
        Column("held_out_ndcg_at_10", "DOUBLE", "0 to 1", "Mean on the weeks held out in training.", nullable=True),
        Column("input_psi", "DOUBLE", "", "Population stability index of the mentions a day.", nullable=True),
        Column("reasons", "VARCHAR", "", "Why it has drifted, in words; empty where it has not."),
    ),
    key=("checked_at", "model_version"),
    write="append",
)

LOAD_CHECKS = Table(
    name="load_checks",
    meaning="Each hour's look at how much waits, and what gives way.",
    columns=(
        Column("checked_at", "TIMESTAMPTZ", "UTC", "When it was looked at."),
        Column("hour", "TIMESTAMPTZ", "UTC", "Start of the newest hour then."),
        Column("waiting", "BIGINT", "events", "Events that were collected and not yet taken in, and texts to embed."),
        Column("step", "BIGINT", "0 to 3", "Of `load`; 0 where nothing gives way."),
        Column("load", "VARCHAR", "", "`normal`, `larger_batches`, `embeddings_postponed` or `sampled`."),
        Column("postponed_hours", "BIGINT", "hours", "Hours of which texts were still to be embedded."),
    ),
    key=("checked_at",),
    write="append",
)

DEFERRED_HOURS = Table(
    name="deferred_hours",
    meaning="Hours whose texts were not all embedded at once under load, and what is still to be done for them.",
    columns=(
        Column("hour", "TIMESTAMPTZ", "UTC", "Start of the hour."),
        Column("postponed", "BOOLEAN", "", "Whether texts are still to be embedded, once the load has fallen."),
        Column("sampled", "BOOLEAN", "", "Whether only a sample of its texts is embedded."),
        Column("changed_at", "TIMESTAMPTZ", "UTC", "When this last changed."),
    ),
    key=("hour",),
    write="merge",
)

ALERT_THRESHOLDS = Table(
    name="alert_thresholds",
    meaning="From which confidence a topic was alerted at each forecast: the threshold that keeps to a rate of alerts.",
    columns=(
        Column("cut", "TIMESTAMPTZ", "UTC", "The forecast origin, as in `predictions`."),
        Column("threshold", "DOUBLE", "0 to 1", "Confidence from which a topic was alerted."),
        Column("rate", "DOUBLE", "alerts/day", "Alerts a day lately, older ones counting less (by 1/e a day)."),
        Column("raised", "VARCHAR[]", "", "Topics that were alerted and have not fallen well below it since."),
    ),
    key=("cut",),
    write="append",
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        RAW_EVENTS,
        EVENTS,
        OBSERVATIONS,
        REJECTED_EVENTS,
        EVENT_EMBEDDINGS,
        TOPIC_ACTIVITY,
        TOPIC_PHRASES,
        PHRASE_STATES,
        NEAR_COPIES,
        TOPIC_LABELS,
        TEMPORAL_EDGES,
        NODES,
        TRAINING_RUNS,
        MODEL_PROMOTIONS,
        PREDICTIONS,
        PREDICTION_OUTCOMES,
        COLLECTION_STATUS,
        COLLECTION_ATTEMPTS,
        ALERTS,
        FORGOTTEN,
        DRIFT_CHECKS,
        LOAD_CHECKS,
        DEFERRED_HOURS,
        ALERT_THRESHOLDS,
    )
}
