"""Tables of what events mean: topics, texts, copies, names."""

from __future__ import annotations

from trend_assets.lake.table import Column, Table
from trend_assets.lake.tables.columns import HOUR, SOURCE

EVENTS = Table(
    name="events",
    meaning="What people did: topics, spam and Gen Z scores beside the text.",
    columns=(
        Column("id", "VARCHAR", "", "As in `raw_events`, where the payload is."),
        HOUR,
        Column("timestamp", "TIMESTAMPTZ", "UTC", "When it happened, as the source says."),
        Column("source", "VARCHAR", "", SOURCE),
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
        HOUR,
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
        HOUR,
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
        HOUR,
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
        HOUR,
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
