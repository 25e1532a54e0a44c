"""X: tweets of API v1.1 and v2 as events, and the search over the recent ones."""
