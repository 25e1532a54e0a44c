"""Hacker News: parsers of its API, Algolia and BigQuery."""
