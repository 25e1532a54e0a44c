"""What is asked of the lake about people: how they are called, and whether they are real."""

#: Of $people, as `source:user_id`, the newest username under which they posted in [$start, $end).
USERNAMES = """
    SELECT source || ':' || user_id AS person, arg_max(context ->> 'username', timestamp) AS username
    FROM events WHERE hour >= $start AND hour < $end AND list_contains($people, source || ':' || user_id)
    GROUP BY person
"""
#: Whether any post came from the simulated world.
SIMULATED = "SELECT count(*) > 0 FROM (SELECT 1 FROM raw_events WHERE starts_with(origin, 'simulator') LIMIT 1)"
