"""X (Twitter): collector of the search API, and parsers of API v1.1 and v2."""
