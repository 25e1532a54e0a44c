"""Tables of how the platform fares: alerts, drift, load."""

from __future__ import annotations

from trend_assets.lake.table import Column, Table

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
