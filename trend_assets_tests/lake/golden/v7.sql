CREATE TABLE alert_thresholds (
    "cut" TIMESTAMP WITH TIME ZONE NOT NULL,
    "threshold" DOUBLE NOT NULL,
    "rate" DOUBLE NOT NULL,
    "raised" VARCHAR[] NOT NULL
);
CREATE TABLE alerts (
    "id" VARCHAR NOT NULL,
    "raised_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "rule" VARCHAR NOT NULL,
    "severity" VARCHAR NOT NULL,
    "subject" VARCHAR NOT NULL,
    "message" VARCHAR NOT NULL,
    "state" VARCHAR NOT NULL,
    "attempts" BIGINT NOT NULL,
    "last_attempt_at" TIMESTAMP WITH TIME ZONE,
    "last_error" VARCHAR,
    "delivered_at" VARCHAR NOT NULL
);
CREATE TABLE collection_attempts (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "source" VARCHAR NOT NULL,
    "purpose" VARCHAR NOT NULL,
    "started_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "finished_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "status" VARCHAR NOT NULL,
    "events" BIGINT NOT NULL,
    "added" BIGINT,
    "repeated" BIGINT,
    "changed" BIGINT,
    "first_event" TIMESTAMP WITH TIME ZONE,
    "last_event" TIMESTAMP WITH TIME ZONE,
    "requests" BIGINT NOT NULL,
    "units" BIGINT NOT NULL,
    "cursor" VARCHAR NOT NULL,
    "failure" VARCHAR NOT NULL,
    "retry_at" TIMESTAMP WITH TIME ZONE,
    "message" VARCHAR NOT NULL
);
CREATE TABLE collection_status (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "source" VARCHAR NOT NULL,
    "status" VARCHAR NOT NULL,
    "events" BIGINT NOT NULL,
    "rejected" BIGINT NOT NULL,
    "requests" BIGINT NOT NULL,
    "finished_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "message" VARCHAR NOT NULL,
    "failure" VARCHAR,
    "retry_at" TIMESTAMP WITH TIME ZONE,
    "forgotten" BIGINT,
    "content_hash" VARCHAR,
    "known" BIGINT,
    "conflicts" BIGINT
);
CREATE TABLE deferred_hours (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "postponed" BOOLEAN NOT NULL,
    "sampled" BOOLEAN NOT NULL,
    "changed_at" TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE TABLE drift_checks (
    "checked_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "model_version" VARCHAR NOT NULL,
    "live_cuts" BIGINT NOT NULL,
    "live_ndcg_at_10" DOUBLE,
    "held_out_ndcg_at_10" DOUBLE,
    "input_psi" DOUBLE,
    "reasons" VARCHAR NOT NULL
);
CREATE TABLE event_embeddings (
    "id" VARCHAR NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "text_hash" VARCHAR NOT NULL,
    "model" VARCHAR NOT NULL,
    "embedding" FLOAT[] NOT NULL
);
CREATE TABLE events (
    "id" VARCHAR NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL,
    "source" VARCHAR NOT NULL,
    "event_type" VARCHAR NOT NULL,
    "content_id" VARCHAR NOT NULL,
    "user_id" VARCHAR,
    "text" VARCHAR NOT NULL,
    "language" VARCHAR,
    "hashtags" VARCHAR[] NOT NULL,
    "topics" VARCHAR[] NOT NULL,
    "context" VARCHAR NOT NULL,
    "features" VARCHAR NOT NULL,
    "spam_score" DOUBLE NOT NULL,
    "edge_weight" DOUBLE NOT NULL,
    "gen_z_score" DOUBLE NOT NULL
);
CREATE TABLE forgotten (
    "id_hash" VARCHAR NOT NULL,
    "kind" VARCHAR NOT NULL,
    "source" VARCHAR NOT NULL,
    "key_id" VARCHAR NOT NULL,
    "asked" BOOLEAN NOT NULL,
    "forgotten_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "removed" VARCHAR
);
CREATE TABLE lake_versions (
    "version" BIGINT,
    "applied_at" TIMESTAMP WITH TIME ZONE
);
CREATE TABLE load_checks (
    "checked_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "waiting" BIGINT NOT NULL,
    "step" BIGINT NOT NULL,
    "load" VARCHAR NOT NULL,
    "postponed_hours" BIGINT NOT NULL
);
CREATE TABLE model_promotions (
    "number" BIGINT NOT NULL,
    "version" VARCHAR NOT NULL,
    "week" TIMESTAMP WITH TIME ZONE NOT NULL,
    "action" VARCHAR NOT NULL,
    "decided_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "reason" VARCHAR NOT NULL,
    "run_id" VARCHAR,
    "sha256" VARCHAR
);
CREATE TABLE near_copies (
    "event_id" VARCHAR NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL,
    "group_id" VARCHAR NOT NULL,
    "copies" BIGINT NOT NULL,
    "users" BIGINT NOT NULL,
    "repeated" VARCHAR[] NOT NULL
);
CREATE TABLE nodes (
    "node_id" BIGINT NOT NULL,
    "kind" VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    "first_seen" TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE TABLE observations (
    "id" VARCHAR NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "observed_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "source" VARCHAR NOT NULL,
    "content_id" VARCHAR NOT NULL,
    "user_id" VARCHAR,
    "format" VARCHAR NOT NULL,
    "raw_data" VARCHAR NOT NULL,
    "origin" VARCHAR NOT NULL
);
CREATE TABLE phrase_states (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "digest" VARCHAR NOT NULL,
    "state" BLOB NOT NULL
);
CREATE TABLE prediction_outcomes (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "cut" TIMESTAMP WITH TIME ZONE NOT NULL,
    "label" VARCHAR NOT NULL,
    "topic" VARCHAR NOT NULL,
    "rank" BIGINT NOT NULL,
    "score" DOUBLE NOT NULL,
    "confidence" DOUBLE,
    "model_version" VARCHAR NOT NULL,
    "came_true" BOOLEAN NOT NULL,
    "mentions_before" BIGINT NOT NULL,
    "mentions_after" BIGINT NOT NULL,
    "growth" DOUBLE NOT NULL,
    "revision" BIGINT,
    "made" VARCHAR,
    "horizon_hours" BIGINT
);
CREATE TABLE predictions (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "cut" TIMESTAMP WITH TIME ZONE NOT NULL,
    "label" VARCHAR NOT NULL,
    "topic" VARCHAR NOT NULL,
    "rank" BIGINT NOT NULL,
    "score" DOUBLE NOT NULL,
    "confidence" DOUBLE,
    "growth" DOUBLE,
    "source_events_count" BIGINT NOT NULL,
    "model_version" VARCHAR NOT NULL,
    "metadata" VARCHAR NOT NULL,
    "forecast_at" TIMESTAMP WITH TIME ZONE,
    "run_id" VARCHAR,
    "revision" BIGINT,
    "made" VARCHAR,
    "horizon_hours" BIGINT
);
CREATE TABLE raw_events (
    "id" VARCHAR NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL,
    "source" VARCHAR NOT NULL,
    "event_type" VARCHAR NOT NULL,
    "content_id" VARCHAR NOT NULL,
    "user_id" VARCHAR,
    "format" VARCHAR NOT NULL,
    "raw_data" VARCHAR NOT NULL,
    "origin" VARCHAR NOT NULL,
    "collected_at" TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE TABLE rejected_events (
    "id" VARCHAR NOT NULL,
    "origin" VARCHAR NOT NULL,
    "line" BIGINT,
    "reason" VARCHAR NOT NULL,
    "raw_data" VARCHAR NOT NULL,
    "rejected_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "format" VARCHAR
);
CREATE TABLE temporal_edges (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL,
    "event_id" VARCHAR NOT NULL,
    "src" BIGINT NOT NULL,
    "dst" BIGINT NOT NULL,
    "edge_type" VARCHAR NOT NULL,
    "weight" DOUBLE NOT NULL
);
CREATE TABLE topic_activity (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "topic" VARCHAR NOT NULL,
    "mentions" BIGINT NOT NULL,
    "weighted_mentions" DOUBLE NOT NULL,
    "distinct_users" BIGINT NOT NULL
);
CREATE TABLE topic_labels (
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "topic" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "post_id" VARCHAR NOT NULL,
    "group_topic" VARCHAR NOT NULL,
    "category" VARCHAR NOT NULL,
    "confidence" DOUBLE NOT NULL,
    "posts" BIGINT NOT NULL
);
CREATE TABLE topic_phrases (
    "event_id" VARCHAR NOT NULL,
    "hour" TIMESTAMP WITH TIME ZONE NOT NULL,
    "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL,
    "topic" VARCHAR NOT NULL,
    "phrase" VARCHAR NOT NULL
);
CREATE TABLE training_runs (
    "run_id" VARCHAR NOT NULL,
    "week" TIMESTAMP WITH TIME ZONE NOT NULL,
    "status" VARCHAR NOT NULL,
    "model_version" VARCHAR,
    "lake_snapshot" BIGINT,
    "started_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "seconds" DOUBLE,
    "losses" VARCHAR,
    "metrics" VARCHAR,
    "error" VARCHAR,
    "promoted" BOOLEAN,
    "decision" VARCHAR
);
CREATE VIEW mentions AS SELECT about."timestamp", about."hour", about.event_id, topics."key" AS topic, users."key" AS user_id, split_part(contents."key", ':', 1) AS "source", acts.edge_type AS event_type, substr(contents."key", (strpos(contents."key", ':') + 1)) AS content_id, about.weight FROM temporal_edges AS about INNER JOIN nodes AS topics ON (((topics.node_id = about.dst) AND (topics.kind = 'topic'))) INNER JOIN nodes AS contents ON ((contents.node_id = about.src)) LEFT JOIN temporal_edges AS acts ON (((acts.event_id = about.event_id) AND (acts.dst = about.src))) LEFT JOIN nodes AS users ON (((users.node_id = acts.src) AND (users.kind = 'user'))) WHERE (about.edge_type = 'about');
