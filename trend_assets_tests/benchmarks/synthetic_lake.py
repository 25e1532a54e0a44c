"""A lake of made-up events, as large as one likes, in seconds: for measuring how quick reads are, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from trend_assets.lake.connection import LakeLocation
from trend_assets.lake.store import Lake

#: The last hour that has events.
END = datetime(2026, 2, 2, tzinfo=UTC)
FORECAST_DAYS = 28
_DAY = timedelta(days=1)
_TOPICS = 20_000
_USERS = 50_000

# Few topics have most mentions, as everywhere; a day is one file of each table, as compaction leaves it.
_EVENTS = f"""
    CREATE OR REPLACE TEMP TABLE made AS
    WITH numbered AS (
        SELECT $first + range AS n, hash($first + range) AS h, hash($first + range, 1) AS h1,
               hash($first + range, 2) AS h2, hash($first + range, 3) AS h3
        FROM range($count)
    ), placed AS (
        SELECT n, h, h1, $day + to_microseconds((h % 86400000000)::BIGINT) AS timestamp,
               ['twitter', 'twitter', 'twitter', 'youtube', 'google_trends'][1 + (h1 % 5)::BIGINT] AS source,
               'u' || (h2 % {_USERS}) AS user_id,
               '#t' || floor({_TOPICS} * pow((h3 % 1000003) / 1000003.0, 4))::INTEGER AS one,
               '$s' || floor({_TOPICS} * pow((hash(n, 4) % 1000003) / 1000003.0, 4))::INTEGER AS other
        FROM numbered
    )
    SELECT source || ':original:' || n AS id, date_trunc('hour', timestamp) AS hour, timestamp, source,
           'original' AS event_type, n::VARCHAR AS content_id, user_id,
           'what somebody wrote about ' || one || ' and ' || other || ', number ' || n % 5000 AS text,
           ['en', 'de', 'es', 'ja', NULL][1 + (h % 5)::BIGINT] AS language, [one[2:]] AS hashtags,
           [one, other] AS topics, '{{}}' AS context, '{{}}' AS features,
           (h % 97) / 97.0 AS spam_score, greatest(1 - (h % 97) / 97.0, 0.2) AS edge_weight,
           (h1 % 89) / 89.0 AS gen_z_score
    FROM placed ORDER BY timestamp
"""
_FILLED = (
    """INSERT INTO raw_events BY NAME
       SELECT id, hour, timestamp, source, event_type, content_id, user_id, 'made' AS format,
              '{"text": "' || text || '"}' AS raw_data, 'benchmark' AS origin, timestamp AS collected_at FROM made""",
    "INSERT INTO events BY NAME SELECT * FROM made",
    """INSERT INTO topic_activity BY NAME
       SELECT hour, topic, count(*) AS mentions, sum(edge_weight) AS weighted_mentions,
              count(DISTINCT user_id) AS distinct_users
       FROM (SELECT hour, unnest(topics) AS topic, edge_weight, user_id FROM made) GROUP BY ALL
       ORDER BY hour""",
    """INSERT INTO collection_status BY NAME
       SELECT hour, source, 'complete' AS status, count(*) AS events, 0 AS rejected, 1 AS requests,
              max(timestamp) AS finished_at, '' AS message FROM made GROUP BY hour, source ORDER BY hour""",
)
_PREDICTIONS = """
    INSERT INTO predictions BY NAME
    SELECT cut - INTERVAL 1 HOUR AS hour, cut, label, 24 AS horizon_hours, '#t' || r AS topic, r + 1 AS rank,
           1 / (r + 1) AS score,
           0.9 / (r + 1) AS confidence, 0.5 AS growth, 100 AS source_events_count, 'tgn-made' AS model_version,
           json_object('mentions_3h', r % 7, 'mentions_24h', r % 31, 'mentions_48h', r % 57,
                       'mentions_168h', r % 97, 'mentions_720h', r % 101, 'same_day_last_week', r % 13,
                       'ewma_3d', r % 17 + 0.5)::VARCHAR AS metadata,
           cut + INTERVAL 10 MINUTE AS forecast_at, 'made' AS run_id, 0 AS revision, 'live' AS made
    FROM (SELECT unnest(generate_series($day, $day + INTERVAL 23 HOUR, INTERVAL 1 HOUR)) AS cut),
         (VALUES ('bursts'), ('breaks_out'), ('emerges')) labels(label), (SELECT range::BIGINT AS r FROM range(200))
    ORDER BY cut, label, r
"""
_OUTCOMES = """
    INSERT INTO prediction_outcomes BY NAME
    SELECT cut + INTERVAL 23 HOUR AS hour, cut, label, horizon_hours, topic, rank, score, confidence, model_version,
           hash(topic, cut, label) % 9 < 1 AS came_true, 10 AS mentions_before, 20 AS mentions_after, 0.6 AS growth,
           revision, made
    FROM predictions WHERE hour >= $day - INTERVAL 1 HOUR AND hour < $day + INTERVAL 23 HOUR ORDER BY cut, label, rank
"""
_TRAININGS = """
    INSERT INTO training_runs BY NAME
    SELECT 'run-' || w AS run_id, $day - w * INTERVAL 7 DAY AS week, 'succeeded' AS status,
           'tgn-made' AS model_version, 1 AS lake_snapshot, $day - w * INTERVAL 7 DAY AS started_at,
           60.0 AS seconds, '{"link": [1.2, 1.1]}' AS losses, '{"tgn": {"bursts": {"ndcg_at_10": 0.5}}}' AS metrics,
           true AS promoted, 'made up' AS decision
    FROM (SELECT range::INTEGER AS w FROM range(10))
"""


def make_lake(home: Path, events: int, days: int = 60) -> None:
    """Fills a new lake.

    Args:
        home: where it is made.
        events: how many there are.
        days: over how many days before `END` they are spread; forecasts are made hourly for the last 28.
    """
    lake = Lake(LakeLocation(home))
    a_day = events // days
    for index in range(days):
        day = END - (days - index) * _DAY
        count = events - a_day * (days - 1) if index == days - 1 else a_day
        with lake.transaction() as connection:
            connection.execute(_EVENTS, {"first": index * a_day, "count": count, "day": day})
            for statement in _FILLED:
                connection.execute(statement)
            if index >= days - FORECAST_DAYS:
                connection.execute(_PREDICTIONS, {"day": day})
            if days - FORECAST_DAYS <= index < days - 1:
                connection.execute(_OUTCOMES, {"day": day})
    with lake.transaction() as connection:
        connection.execute(_TRAININGS, {"day": END})
    lake.close()
