"""Hacker News, as its API, Algolia and BigQuery give it."""
