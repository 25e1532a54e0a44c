"""Middleware of the API: keys, rate limits, caching, errors, metrics."""
