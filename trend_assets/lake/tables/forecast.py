"""Tables of trainings, forecasts and what became of them."""

from __future__ import annotations

from trend_assets.lake.table import Column, Revisions, Table

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
