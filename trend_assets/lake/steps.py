"""The SQL of each migration as it was released, so that today's declarations cannot change it."""

from __future__ import annotations

STEP_1 = """
CREATE TABLE raw_events (
    "id" VARCHAR NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "timestamp" TIMESTAMPTZ NOT NULL, "source" VARCHAR NOT NULL,
    "event_type" VARCHAR NOT NULL, "content_id" VARCHAR NOT NULL, "user_id" VARCHAR, "format" VARCHAR NOT NULL,
    "raw_data" VARCHAR NOT NULL, "origin" VARCHAR NOT NULL, "collected_at" TIMESTAMPTZ NOT NULL
);
CREATE TABLE events (
    "id" VARCHAR NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "timestamp" TIMESTAMPTZ NOT NULL, "source" VARCHAR NOT NULL,
    "event_type" VARCHAR NOT NULL, "content_id" VARCHAR NOT NULL, "user_id" VARCHAR, "text" VARCHAR NOT NULL,
    "language" VARCHAR, "hashtags" VARCHAR[] NOT NULL, "topics" VARCHAR[] NOT NULL, "context" VARCHAR NOT NULL,
    "features" VARCHAR NOT NULL, "spam_score" DOUBLE NOT NULL, "edge_weight" DOUBLE NOT NULL,
    "gen_z_score" DOUBLE NOT NULL
);
CREATE TABLE observations (
    "id" VARCHAR NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "observed_at" TIMESTAMPTZ NOT NULL,
    "source" VARCHAR NOT NULL, "content_id" VARCHAR NOT NULL, "user_id" VARCHAR, "format" VARCHAR NOT NULL,
    "raw_data" VARCHAR NOT NULL, "origin" VARCHAR NOT NULL
);
CREATE TABLE rejected_events (
    "id" VARCHAR NOT NULL, "origin" VARCHAR NOT NULL, "line" BIGINT, "reason" VARCHAR NOT NULL,
    "raw_data" VARCHAR NOT NULL, "rejected_at" TIMESTAMPTZ NOT NULL
);
CREATE TABLE event_embeddings (
    "id" VARCHAR NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "text_hash" VARCHAR NOT NULL, "model" VARCHAR NOT NULL,
    "embedding" FLOAT[] NOT NULL
);
CREATE TABLE topic_activity (
    "hour" TIMESTAMPTZ NOT NULL, "topic" VARCHAR NOT NULL, "mentions" BIGINT NOT NULL,
    "weighted_mentions" DOUBLE NOT NULL, "distinct_users" BIGINT NOT NULL
);
CREATE TABLE temporal_edges (
    "hour" TIMESTAMPTZ NOT NULL, "timestamp" TIMESTAMPTZ NOT NULL, "event_id" VARCHAR NOT NULL,
    "src" BIGINT NOT NULL, "dst" BIGINT NOT NULL, "edge_type" VARCHAR NOT NULL, "weight" DOUBLE NOT NULL
);
CREATE TABLE nodes (
    "node_id" BIGINT NOT NULL, "kind" VARCHAR NOT NULL, "key" VARCHAR NOT NULL, "first_seen" TIMESTAMPTZ NOT NULL
);
CREATE TABLE training_runs (
    "run_id" VARCHAR NOT NULL, "week" TIMESTAMPTZ NOT NULL, "status" VARCHAR NOT NULL, "model_version" VARCHAR,
    "lake_snapshot" BIGINT, "started_at" TIMESTAMPTZ NOT NULL, "seconds" DOUBLE, "losses" VARCHAR,
    "metrics" VARCHAR, "error" VARCHAR, "promoted" BOOLEAN, "decision" VARCHAR
);
CREATE TABLE predictions (
    "hour" TIMESTAMPTZ NOT NULL, "cut" TIMESTAMPTZ NOT NULL, "label" VARCHAR NOT NULL, "topic" VARCHAR NOT NULL,
    "rank" BIGINT NOT NULL, "score" DOUBLE NOT NULL, "confidence" DOUBLE, "growth" DOUBLE,
    "source_events_count" BIGINT NOT NULL, "model_version" VARCHAR NOT NULL, "metadata" VARCHAR NOT NULL
);
CREATE TABLE prediction_outcomes (
    "hour" TIMESTAMPTZ NOT NULL, "cut" TIMESTAMPTZ NOT NULL, "label" VARCHAR NOT NULL, "topic" VARCHAR NOT NULL,
    "rank" BIGINT NOT NULL, "score" DOUBLE NOT NULL, "confidence" DOUBLE, "model_version" VARCHAR NOT NULL,
    "came_true" BOOLEAN NOT NULL, "mentions_before" BIGINT NOT NULL, "mentions_after" BIGINT NOT NULL,
    "growth" DOUBLE NOT NULL
);
CREATE TABLE collection_status (
    "hour" TIMESTAMPTZ NOT NULL, "source" VARCHAR NOT NULL, "status" VARCHAR NOT NULL, "events" BIGINT NOT NULL,
    "rejected" BIGINT NOT NULL, "requests" BIGINT NOT NULL, "finished_at" TIMESTAMPTZ NOT NULL,
    "message" VARCHAR NOT NULL, "failure" VARCHAR, "retry_at" TIMESTAMPTZ, "forgotten" BIGINT
);
CREATE TABLE collection_attempts (
    "hour" TIMESTAMPTZ NOT NULL, "source" VARCHAR NOT NULL, "purpose" VARCHAR NOT NULL,
    "started_at" TIMESTAMPTZ NOT NULL, "finished_at" TIMESTAMPTZ NOT NULL, "status" VARCHAR NOT NULL,
    "events" BIGINT NOT NULL, "added" BIGINT, "repeated" BIGINT, "changed" BIGINT, "first_event" TIMESTAMPTZ,
    "last_event" TIMESTAMPTZ, "requests" BIGINT NOT NULL, "units" BIGINT NOT NULL, "cursor" VARCHAR NOT NULL,
    "failure" VARCHAR NOT NULL, "retry_at" TIMESTAMPTZ, "message" VARCHAR NOT NULL
);
CREATE TABLE alerts (
    "id" VARCHAR NOT NULL, "raised_at" TIMESTAMPTZ NOT NULL, "rule" VARCHAR NOT NULL, "severity" VARCHAR NOT NULL,
    "subject" VARCHAR NOT NULL, "message" VARCHAR NOT NULL, "state" VARCHAR NOT NULL, "attempts" BIGINT NOT NULL,
    "last_attempt_at" TIMESTAMPTZ, "last_error" VARCHAR, "delivered_at" VARCHAR NOT NULL
);
CREATE TABLE forgotten (
    "id_hash" VARCHAR NOT NULL, "kind" VARCHAR NOT NULL, "source" VARCHAR NOT NULL, "key_id" VARCHAR NOT NULL,
    "asked" BOOLEAN NOT NULL, "forgotten_at" TIMESTAMPTZ NOT NULL, "removed" VARCHAR
);
CREATE TABLE drift_checks (
    "checked_at" TIMESTAMPTZ NOT NULL, "model_version" VARCHAR NOT NULL, "live_cuts" BIGINT NOT NULL,
    "live_ndcg_at_10" DOUBLE, "held_out_ndcg_at_10" DOUBLE, "input_psi" DOUBLE, "reasons" VARCHAR NOT NULL
);
CREATE OR REPLACE VIEW mentions AS
    SELECT timestamp, hour, id AS event_id, unnest(topics) AS topic, source || ':' || user_id AS user_id, source,
        event_type, content_id, edge_weight AS weight
    FROM events;
"""

STEP_2 = """
CREATE TABLE load_checks (
    "checked_at" TIMESTAMPTZ NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "waiting" BIGINT NOT NULL,
    "step" BIGINT NOT NULL, "load" VARCHAR NOT NULL, "postponed_hours" BIGINT NOT NULL
);
"""

# A default stays with the rows that were there: DuckLake keeps it with the column, and writes no file anew.
# Mentions are read from the graph. Edges of earlier releases stay, and are read as they are: they lack communities,
# named users, authors of what is answered or passed on, and who acted where nobody is named, and say `refers_to` for
# every relation. `trend backfill --only events --only temporal_graph --start DAY --end DAY` makes them anew.
STEP_3 = """
ALTER TABLE collection_status ADD COLUMN content_hash VARCHAR;
ALTER TABLE collection_status ADD COLUMN known BIGINT;
ALTER TABLE collection_status ADD COLUMN conflicts BIGINT;
ALTER TABLE predictions ADD COLUMN forecast_at TIMESTAMPTZ;
ALTER TABLE predictions ADD COLUMN run_id VARCHAR;
ALTER TABLE predictions ADD COLUMN revision BIGINT DEFAULT 0;
ALTER TABLE predictions ALTER COLUMN revision DROP DEFAULT;
ALTER TABLE predictions ADD COLUMN made VARCHAR DEFAULT 'unrecorded';
ALTER TABLE predictions ALTER COLUMN made DROP DEFAULT;
ALTER TABLE prediction_outcomes ADD COLUMN revision BIGINT DEFAULT 0;
ALTER TABLE prediction_outcomes ALTER COLUMN revision DROP DEFAULT;
ALTER TABLE prediction_outcomes ADD COLUMN made VARCHAR DEFAULT 'unrecorded';
ALTER TABLE prediction_outcomes ALTER COLUMN made DROP DEFAULT;
CREATE OR REPLACE VIEW mentions AS
    SELECT about.timestamp, about.hour, about.event_id, topics.key AS topic, users.key AS user_id,
        split_part(contents.key, ':', 1) AS source, acts.edge_type AS event_type,
        substr(contents.key, strpos(contents.key, ':') + 1) AS content_id, about.weight
    FROM temporal_edges AS about
    JOIN nodes AS topics ON topics.node_id = about.dst AND topics.kind = 'topic'
    JOIN nodes AS contents ON contents.node_id = about.src
    LEFT JOIN temporal_edges AS acts ON acts.event_id = about.event_id AND acts.dst = about.src
    LEFT JOIN nodes AS users ON users.node_id = acts.src AND users.kind = 'user'
    WHERE about.edge_type = 'about';
"""

# What lay in files of the home: `old_files` takes it over.
STEP_4 = """
CREATE TABLE model_promotions (
    "number" BIGINT NOT NULL, "version" VARCHAR NOT NULL, "week" TIMESTAMPTZ NOT NULL, "action" VARCHAR NOT NULL,
    "decided_at" TIMESTAMPTZ NOT NULL, "reason" VARCHAR NOT NULL, "run_id" VARCHAR, "sha256" VARCHAR
);
CREATE TABLE deferred_hours (
    "hour" TIMESTAMPTZ NOT NULL, "postponed" BOOLEAN NOT NULL, "sampled" BOOLEAN NOT NULL,
    "changed_at" TIMESTAMPTZ NOT NULL
);
CREATE TABLE alert_thresholds (
    "cut" TIMESTAMPTZ NOT NULL, "threshold" DOUBLE NOT NULL, "rate" DOUBLE NOT NULL, "raised" VARCHAR[] NOT NULL
);
CREATE TABLE topic_phrases (
    "event_id" VARCHAR NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "timestamp" TIMESTAMPTZ NOT NULL,
    "topic" VARCHAR NOT NULL, "phrase" VARCHAR NOT NULL
);
CREATE TABLE phrase_states (
    "hour" TIMESTAMPTZ NOT NULL, "digest" VARCHAR NOT NULL, "state" BLOB NOT NULL
);
"""

# Edges and activity of hours that were made before know of no copies: they stay as they are.
STEP_5 = """
CREATE TABLE near_copies (
    "event_id" VARCHAR NOT NULL, "hour" TIMESTAMPTZ NOT NULL, "timestamp" TIMESTAMPTZ NOT NULL,
    "group_id" VARCHAR NOT NULL, "copies" BIGINT NOT NULL, "users" BIGINT NOT NULL, "repeated" VARCHAR[] NOT NULL
);
CREATE TABLE topic_labels (
    "hour" TIMESTAMPTZ NOT NULL, "topic" VARCHAR NOT NULL, "name" VARCHAR NOT NULL, "post_id" VARCHAR NOT NULL,
    "group_topic" VARCHAR NOT NULL, "category" VARCHAR NOT NULL, "confidence" DOUBLE NOT NULL, "posts" BIGINT NOT NULL
);
"""

# Forecasts of releases before looked as far ahead as `forecast.horizon_hours` said, by default 24.
STEP_6 = """
ALTER TABLE predictions ADD COLUMN horizon_hours BIGINT DEFAULT 24;
ALTER TABLE predictions ALTER COLUMN horizon_hours DROP DEFAULT;
ALTER TABLE prediction_outcomes ADD COLUMN horizon_hours BIGINT DEFAULT 24;
ALTER TABLE prediction_outcomes ALTER COLUMN horizon_hours DROP DEFAULT;
"""

# Rows that were rejected before have none: they are searched by the formats of other rows of their file.
STEP_7 = """
ALTER TABLE rejected_events ADD COLUMN format VARCHAR;
"""
